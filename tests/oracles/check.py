"""Checks items of the vault with cmark-gfm (GitHub) and pandoc: check.py ITEMS [--without-pandoc]."""

import html.parser
import json
import subprocess
import sys
import urllib.parse

import cmarkgfm
from cmarkgfm.cmark import Options

EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]
# So many items make one document for pandoc.
BATCH = 500


class Pieces:
    def __init__(self):
        self.all = []

    def open(self, name):
        self.all.append(["open", name])

    def close(self):
        self.all.append(["close"])

    def text(self, text):
        if self.all and self.all[-1][0] == "text":
            self.all[-1][1] += text
        elif text:
            self.all.append(["text", text])

    def ends_in_digit(self):
        return bool(self.all) and self.all[-1][0] == "text" and self.all[-1][1][-1:].isdigit()

    def comment(self, source):
        self.all.append(["comment", source])

    def done(self):
        """The pieces, with links that lead to their own text as that text."""
        plain = Pieces()
        at = 0
        while at < len(self.all):
            piece = self.all[at]
            following = self.all[at + 1 : at + 3]
            is_link = piece[0] == "open" and piece[1].startswith("link ")
            if piece[0] == "text":
                plain.text(piece[1])
            elif (
                is_link
                and len(following) == 2
                and following[0][0] == "text"
                and following[1][0] == "close"
                and leads_to_itself(piece[1][5:], following[0][1])
            ):
                plain.text(following[0][1])
                at += 2
            else:
                plain.all.append(piece)
            at += 1
        return plain.all


def leads_to_itself(target, text):
    # cmark-gfm makes links of xmpp addresses as it does of e-mail addresses: whatever is escaped.
    if not target.lower().startswith(("http://", "https://", "mailto:", "xmpp:")):
        return False
    decoded = urllib.parse.unquote(target)
    return any(
        scheme + text in (target, decoded) or urllib.parse.unquote(scheme + text) == decoded
        for scheme in ("", "http://", "mailto:")
    )


class Reader(html.parser.HTMLParser):
    """Reads the HTML of one item."""

    NAMES = {"ul": "list", "li": "item", "strong": "strong", "em": "emphasis"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.pieces = Pieces()

    def handle_starttag(self, tag, attrs):
        if tag == "br":
            self.pieces.text("\n")
        elif tag == "a":
            self.pieces.open("link " + dict(attrs).get("href", ""))
        elif tag != "p":
            self.pieces.open(self.NAMES.get(tag, "cmark-gfm: " + tag))

    def handle_endtag(self, tag):
        if tag not in ("p", "br"):
            self.pieces.close()

    def handle_data(self, data):
        self.pieces.text(data)

    def handle_comment(self, data):
        self.pieces.comment("<!--" + data + "-->")


def by_cmark(item):
    reader = Reader()
    source = cmarkgfm.cmark.markdown_to_html_with_extensions(
        item, options=Options.CMARK_OPT_UNSAFE, extensions=EXTENSIONS
    )
    # A hard break is a tag and a line feed; line feeds between tags are layout.
    reader.feed(source.replace("<br />\n", "<br />"))
    reader.close()
    return reader.pieces.done()


def by_pandoc(items):
    run = subprocess.run(
        ["pandoc", "-f", "gfm", "-t", "json"], input="".join(items).encode(), capture_output=True, check=True
    )
    blocks = json.loads(run.stdout)["blocks"]
    if [block["t"] for block in blocks] != ["BulletList"]:
        raise SystemExit(f"pandoc: the items are read as {[block['t'] for block in blocks]}")
    return [pandoc_item(item) for item in blocks[0]["c"]]


def pandoc_item(blocks):
    pieces = Pieces()
    pieces.open("list")
    pieces.open("item")
    for block in blocks:
        if block["t"] in ("Plain", "Para"):
            pandoc_inlines(block["c"], pieces)
        else:
            pieces.open("pandoc: " + block["t"])
    pieces.close()
    pieces.close()
    return pieces.done()


def pandoc_inlines(inlines, pieces):
    names = {"Strong": "strong", "Emph": "emphasis"}
    for inline, following in zip(inlines, inlines[1:] + [{"t": None}]):
        kind, content = inline["t"], inline.get("c")
        if kind == "Str":
            pieces.text(content)
        elif kind == "Space":
            pieces.text(" ")
        elif kind in ("SoftBreak", "LineBreak"):
            pieces.text("\n")
        elif kind in names:
            pieces.open(names[kind])
            pandoc_inlines(content, pieces)
            pieces.close()
        elif kind == "Link":
            pieces.open("link " + content[2][0])
            pandoc_inlines(content[1], pieces)
            pieces.close()
        elif kind == "Span" and content[0][1] == ["emoji"] and (pieces.ends_in_digit() or following["t"] == "Space"):
            # Only pandoc sees an emoji behind a digit, and one whose second colon is the layout's own, before a space.
            pieces.text(":" + dict(content[0][2])["data-emoji"] + ":")
        elif kind == "RawInline" and content[1].startswith("<!--") and content[1].find("-->") == len(content[1]) - 3:
            pieces.comment(content[1])
        else:
            pieces.open("pandoc: " + kind)


def words(pieces):
    """Pieces without differences that do not show: HTML collapses white space, and encodes addresses."""

    def word(piece):
        if piece[0] == "text":
            return ["text", " ".join(piece[1].split())]
        if piece[0] == "open" and piece[1].startswith("link "):
            return ["open", urllib.parse.unquote(piece[1])]
        return piece

    return [piece for piece in map(word, pieces) if piece != ["text", ""]]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    with_pandoc = "--without-pandoc" not in sys.argv
    failed = report("cmark-gfm", records, [by_cmark(record["item"]) for record in records])
    if with_pandoc:
        seen = []
        for start in range(0, len(records), BATCH):
            seen += by_pandoc([record["item"] for record in records[start : start + BATCH]])
        failed |= report("pandoc -f gfm", records, seen)
    sys.exit(1 if failed else 0)


def report(oracle, records, seen):
    differ = [
        (record, pieces) for record, pieces in zip(records, seen) if words(pieces) != words(record["reading"])
    ]
    print(f"{oracle}: {len(seen)} items, {len(differ)} differ")
    for record, pieces in differ[:8]:
        print(f"{oracle}: {record['name']}\n  {record['item']!r}\n  is read as {pieces}\n  and not as {record['reading']}")
    return bool(differ) or len(seen) != len(records)


main()
