import { type Html, html } from './html.js';

export interface PageParts {
  /** Prefix of every path of the page: `/ops/walmq`, or '' at the root. */
  readonly basePath: string;
  readonly title: string;
  readonly body: Html;
  /** Name of the page's script in assets: a module. */
  readonly script?: string;
  /** Sent with every action of the page. */
  readonly token?: string;
}

/** The bare document, also of the sign-in. `page` adds what every other page has. */
export function layout({ basePath, title, body, script, token }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${token !== undefined && html`<meta name="walmq-token" content="${token}" data-base="${basePath}">`}
<title>${title}</title>
<link rel="icon" href="${basePath}/assets/icon.svg">
<link rel="stylesheet" href="${basePath}/assets/page.css">
<script src="${basePath}/assets/theme.js"></script>
${script !== undefined && html`<script src="${basePath}/assets/${script}" type="module"></script>`}
</head>
<body>
${body}
</body>
</html>
`.markup;
}
