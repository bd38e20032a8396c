// markdown-it as VS Code's preview sets it up: HTML, links of addresses with a scheme, front matter, KaTeX.
import katex from "@vscode/markdown-it-katex";
import MarkdownIt from "markdown-it";
import frontMatter from "markdown-it-front-matter";

import { Pieces } from "./reading.mjs";

export const parser = new MarkdownIt({ html: true, linkify: true });
parser.linkify.set({ fuzzyLink: false });
parser.use(frontMatter, () => {});
parser.use(katex.default ?? katex);

const OPENS = { bullet_list_open: "list", list_item_open: "item", strong_open: "strong", em_open: "emphasis" };

export function read(markdown) {
  const pieces = new Pieces();
  walk(parser.parse(markdown, {}), pieces);
  return pieces.done();
}

/** Pieces with addresses decoded, as markdown-it shows those that it makes links of. */
export function comparable(pieces) {
  const decode = (text) => text.replace(/(%[0-9a-f]{2})+/gi, (run) => { try { return decodeURIComponent(run); } catch { return run; } });
  return pieces.map(([kind, text]) => (kind === "text" || kind === "open" ? [kind, decode(text)] : [kind, text]));
}

function walk(tokens, pieces) {
  let automatic = 0;
  for (const token of tokens) {
    if (token.type === "paragraph_open" || token.type === "paragraph_close") continue;
    if (token.type === "inline") walk(token.children, pieces);
    else if (token.type === "text" || token.type === "text_special") pieces.text(token.content);
    else if (token.type === "softbreak" || token.type === "hardbreak") pieces.text("\n");
    else if (token.type === "html_inline" || token.type === "html_block") pieces.html(token.content, "markdown-it");
    else if (token.type === "link_open") {
      const target = token.attrGet("href");
      automatic = token.markup === "linkify" && /^(https?|mailto):/i.test(target) ? 1 : 0;
      if (!automatic) pieces.open(`link ${target}`);
    } else if (token.type === "link_close") {
      if (!automatic) pieces.close();
      automatic = 0;
    } else if (token.nesting < 0) pieces.close();
    else {
      pieces.open(OPENS[token.type] ?? `markdown-it: ${token.type}`);
      if (token.nesting === 0) pieces.close();
    }
  }
}
