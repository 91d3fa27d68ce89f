import { htmlEscape } from 'escape-goat';
import { type MailBlock, type MailContent, type MailItem, oneLine } from './mail-content.js';

const UNKNOWN = 'to be determined';
const MAX_PARAGRAPH_CHARACTERS = 2000;

/** Renders the content as plain text and as HTML: `multipart/alternative`. */
export function renderMail(content: MailContent): { readonly text: string; readonly html: string } {
  return { text: renderText(content), html: renderHtml(content) };
}

function renderText({ heading, blocks }: MailContent): string {
  return [oneLine(heading), ...blocks.map(textOf)].join('\n\n');
}

function textOf(block: MailBlock): string {
  switch (block.kind) {
    case 'paragraph':
      return oneLine(block.text, MAX_PARAGRAPH_CHARACTERS);
    case 'items':
      return block.items.map(textOfItem).join('\n');
    case 'facts':
      return block.facts.map(([name, value]) => `${oneLine(name)}: ${oneLine(value)}`).join('\n');
  }
}

/** No table: most clients show text in a proportional font. */
function textOfItem({ name, quantity, price, total }: MailItem): string {
  const cost = price === undefined ? `price ${UNKNOWN}` : `${price} each, ${total} in all`;
  return `- ${quantity} x ${oneLine(name)}: ${cost}`;
}

/**
 * Clients strip style sheets and load nothing, so all style is inline, without images. Only lines have a
 * colour, a grey that is visible on light and dark ground: text and ground are the client's own.
 */
function renderHtml({ heading, blocks }: MailContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
${htmlEscape`<title>${oneLine(heading)}</title>`}
</head>
<body style="margin:0;padding:24px 16px;font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:600px;margin:0 auto;overflow-wrap:anywhere">
${htmlEscape`<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${oneLine(heading)}</h1>`}
${blocks.map(htmlOf).join('\n')}
</div>
</body>
</html>
`;
}

const TABLE = 'width:100%;margin:0 0 16px;border-collapse:collapse';
const CELL = 'padding:8px 0 8px 12px;border-bottom:1px solid #8c8c8c;text-align:right;vertical-align:top';
const FIRST_CELL = 'padding:8px 0;border-bottom:1px solid #8c8c8c;text-align:left;vertical-align:top';
const FACT_CELL = 'padding:2px 0;text-align:left;font-weight:normal';
const FACT_VALUE = 'padding:2px 0 2px 12px;text-align:right';

function htmlOf(block: MailBlock): string {
  switch (block.kind) {
    case 'paragraph':
      return htmlEscape`<p style="margin:0 0 16px">${oneLine(block.text, MAX_PARAGRAPH_CHARACTERS)}</p>`;
    case 'items':
      return [
        `<table style="${TABLE}">`,
        `<tr><th style="${FIRST_CELL}">Item</th><th style="${CELL}">Quantity</th><th style="${CELL}">Price</th><th style="${CELL}">Total</th></tr>`,
        ...block.items.map(htmlOfItem),
        '</table>',
      ].join('\n');
    case 'facts':
      return [
        `<table style="${TABLE}">`,
        ...block.facts.map(
          ([name, value]) =>
            htmlEscape`<tr><th scope="row" style="${FACT_CELL}">${oneLine(name)}</th><td style="${FACT_VALUE}">${oneLine(value)}</td></tr>`,
        ),
        '</table>',
      ].join('\n');
  }
}

function htmlOfItem({ name, quantity, price, total }: MailItem): string {
  return htmlEscape`<tr><td style="${FIRST_CELL}">${oneLine(name)}</td><td style="${CELL}">${quantity}</td><td style="${CELL}">${price ?? UNKNOWN}</td><td style="${CELL}">${total ?? UNKNOWN}</td></tr>`;
}
