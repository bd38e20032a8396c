// remark with GFM, mathematics and front matter: what many sites and editors are built on.
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import remarkParse from "remark-parse";
import { unified } from "unified";

import { Pieces } from "./reading.mjs";

const processor = unified().use(remarkParse).use(remarkFrontmatter).use(remarkGfm).use(remarkMath);
const OPENS = { list: "list", listItem: "item", strong: "strong", emphasis: "emphasis" };

export function read(markdown) {
  const pieces = new Pieces();
  // GFM's links of bare addresses are made by a transformation of the tree, which `runSync` includes.
  walk(processor.runSync(processor.parse(markdown)), pieces);
  return pieces.done();
}

function walk(node, pieces) {
  const children = () => (node.children ?? []).forEach((child) => walk(child, pieces));
  switch (node.type) {
    case "root":
    case "paragraph": return children();
    case "text": return pieces.text(node.value);
    case "break": return pieces.text("\n");
    case "html": return pieces.html(node.value, "remark");
    case "listItem":
      if (node.checked !== null && node.checked !== undefined) pieces.open("remark: task");
    // falls through
    case "list":
    case "strong":
    case "emphasis":
      pieces.open(node.type === "list" && node.ordered ? "remark: ordered list" : OPENS[node.type]);
      children();
      return pieces.close();
    case "link":
      pieces.open(`link ${node.url}`);
      children();
      return pieces.close();
    default:
      pieces.open(`remark: ${node.type}`);
      children();
      pieces.close();
  }
}
