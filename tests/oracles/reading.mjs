// Brings what a parser sees in an item to one form: a flat list of pieces, as vault/tests/markdown/parsers.rs has it.

/** Collects pieces; adjacent text is one of them. */
export class Pieces {
  #pieces = [];

  open(name) { this.#pieces.push(["open", name]); }

  close() { this.#pieces.push(["close"]); }

  text(text) {
    const last = this.#pieces.at(-1);
    if (last?.[0] === "text") last[1] += text;
    else if (text) this.#pieces.push(["text", text]);
  }

  html(source, parser) {
    if (/^<!--(?:(?!-->)[^])*-->$/.test(source)) this.#pieces.push(["comment", source]);
    else this.open(`${parser}: HTML ${source}`);
  }

  /** The pieces, with links that lead to their own text as that text. */
  done() {
    const plain = new Pieces();
    const all = this.#pieces;
    for (let at = 0; at < all.length; at++) {
      const [kind, value] = all[at];
      const text = all[at + 1];
      if (kind === "text") plain.text(value);
      else if (kind === "open" && value.startsWith("link ") && text?.[0] === "text" && all[at + 2]?.[0] === "close"
        && leadsToItself(value.slice(5), text[1])) {
        plain.text(text[1]);
        at += 2;
      } else plain.#pieces.push(all[at]);
    }
    return plain.#pieces;
  }
}

const decoded = (target) => { try { return decodeURI(target); } catch { return target; } };

function leadsToItself(target, text) {
  if (!/^(https?:\/\/|mailto:)/i.test(target)) return false;
  const same = (one, other) => one === other || decoded(one) === decoded(other) || decoded(one) === other;
  return ["", "http://", "mailto:"].some((scheme) => same(target, scheme + text));
}
