/**
 * Writes the protobuf encoding of events field by field into one buffer that is used again and again. The generated code
 * could do it too, at six times the cost; that both agree is tested.
 *
 * @module
 */

const utf8 = new TextEncoder();
/** The length of a string up to this many UTF-16 units fits one byte in any case (3 bytes each). */
const SHORT = 42;

/** A growing buffer with protobuf's primitives. */
export class Writer {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next {@link reset}. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Starts anew, with the same buffer unless it has become very large. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > 1 << 20) this.#replace(4096);
  }

  /** An unsigned number below 2^53. */
  varint(value: number): this {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** A signed 64-bit number as `int64` has it. */
  int64(value: bigint): this {
    let rest = BigInt.asUintN(64, value);
    this.#reserve(10);
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  /** A `double`. */
  double(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** Length and UTF-8 bytes of a string. */
  string(value: string): this {
    this.#reserve(value.length * 3 + 5);
    if (value.length > SHORT) return this.#longString(value);
    const start = this.#length + 1;
    let at = start;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        at = start + utf8.encodeInto(value, this.#bytes.subarray(start)).written;
        break;
      }
      this.#bytes[at++] = unit;
    }
    this.#bytes[start - 1] = at - start;
    this.#length = at;
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** What `write` writes, behind its length. */
  nested(write: () => void): this {
    this.#reserve(5);
    const start = this.#length;
    this.#length = start + 1;
    write();
    const size = this.#length - start - 1;
    if (size < 0x80) {
      this.#bytes[start] = size;
      return this;
    }
    return this.#prefix(start, start + 1, size);
  }

  #longString(value: string): this {
    const start = this.#length;
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(start + 5));
    this.#length = start + 5 + written;
    return this.#prefix(start, start + 5, written);
  }

  /** Puts the length in front of `size` bytes at `from`, so that both begin at `start`. */
  #prefix(start: number, from: number, size: number): this {
    this.#reserve(5);
    const target = start + varintSize(size);
    this.#bytes.copyWithin(target, from, from + size);
    this.#length = start;
    this.varint(size);
    this.#length = target + size;
    return this;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#bytes.length) this.#replace(Math.max(needed, this.#bytes.length * 2));
  }

  #replace(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** How many bytes a number below 2^53 takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
