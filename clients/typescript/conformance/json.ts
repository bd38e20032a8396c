/**
 * Reads JSON with every digit: integers that a number cannot hold become bigints.
 *
 * @module
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** No command has it in a string. */
const MARK = "\u0001bigint:";

/** Like `JSON.parse`. */
export function parseExactly(text: string): unknown {
  const marked = text.replace(TOKEN, (token) => (isLong(token) ? JSON.stringify(MARK + token) : token));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

function isLong(token: string): boolean {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}
