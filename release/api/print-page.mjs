import ts from 'typescript';
import { fileNameOf } from './entry-points.mjs';
import { mainOf } from './read-api.mjs';

const KINDS = [
  ['Functions', [ts.SyntaxKind.FunctionDeclaration]],
  ['Classes', [ts.SyntaxKind.ClassDeclaration]],
  ['Types', [ts.SyntaxKind.InterfaceDeclaration, ts.SyntaxKind.TypeAliasDeclaration]],
  ['Constants', [ts.SyntaxKind.VariableStatement]],
];

/** The reference page of an entry point: each export with its comment, its declaration, and links to the types in it. */
export function printPage(api, apis) {
  const exported = exportsOf(api);
  const main = mainOf(api.folder, apis);
  const pageOf = new Map([
    ...exportsOf(main).map(({ name }) => [name, `${fileNameOf(main)}.md`]),
    ...exported.map(({ name }) => [name, '']),
  ]);
  const sections = KINDS.flatMap(([title, kinds]) => {
    const ofKind = exported.filter(({ kind }) => kinds.includes(kind));
    return ofKind.length === 0 ? [] : [`## ${title}`, ...ofKind.map(each => printExport(each, pageOf))];
  });
  return `${[`# ${api.name}`, NOTE, commentOfFile(api), ...sections].join('\n\n')}\n`;
}

const NOTE = '<!-- Written by `npm run api-reference` from the comments of the sources. -->';

/** The list of all entry points. */
export function printIndex(apis) {
  const rows = apis.map(
    api => `| [\`${api.name}\`](${fileNameOf(api)}.md) | ${commentOfFile(api).replaceAll('\n', ' ')} |`,
  );
  return `# API reference

${NOTE}

What a program may import. Everything else is internal and changes without notice. The configuration's fields are on
[a page of their own](../configuration.md), and so are [the error codes](../errors.md).

| import from | what it holds |
| --- | --- |
${rows.join('\n')}
`;
}

function printExport({ name, comment, code }, pageOf) {
  const words = new Set(code.match(/\b[A-Z]\w+\b/g) ?? []);
  const links = [...words]
    .filter(word => word !== name && pageOf.has(word))
    .map(word => linkTo(word, pageOf.get(word)));
  const see = links.length === 0 ? [] : [`Types: ${links.join(', ')}`];
  return [`### ${name}`, comment, `\`\`\`ts\n${code}\n\`\`\``, ...see].join('\n\n');
}

function linkTo(name, page) {
  return `[${name}](${page}#${name.toLowerCase()})`;
}

/** Overloads of a function are one export. */
function exportsOf({ name: entry, declarations }) {
  const file = ts.createSourceFile(`${entry}.d.ts`, declarations, ts.ScriptTarget.Latest, true);
  const found = new Map();
  for (const statement of file.statements) {
    const name = exportedName(statement, file);
    if (name === undefined) continue;
    const code = codeOf(statement);
    const earlier = found.get(name);
    if (earlier) earlier.code += `\n${code}`;
    else found.set(name, { name, kind: statement.kind, comment: textOf(statement), code });
  }
  return [...found.values()];
}

function exportedName(statement, file) {
  const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  const name = statement.name?.text ?? statement.declarationList?.declarations[0].name.text;
  if (isExported) return name;
  // A name that the global scope has too gets another one inside the file.
  const specifiers = file.statements.flatMap(each =>
    (each.exportClause?.elements ?? []).map(element => element),
  );
  return specifiers.find(({ propertyName }) => propertyName !== undefined && propertyName.text === name)?.name
    .text;
}

function codeOf(statement) {
  return statement
    .getText()
    .replace(/^(?:export )?declare /, '')
    .replace(/^export /, '');
}

/** The text of the comment above a statement, as Markdown. */
function textOf(statement) {
  const source = statement.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(source, statement.getFullStart()) ?? [];
  const last = ranges.map(({ pos, end }) => source.slice(pos, end)).findLast(text => text.startsWith('/**'));
  return last === undefined ? '' : withoutStars(last);
}

function commentOfFile({ declarations }) {
  const first = /\/\*\*(?:(?!\*\/)[\s\S])*@packageDocumentation\s*\*\//.exec(declarations)?.[0];
  return first === undefined ? '' : withoutStars(first).replace('@packageDocumentation', '').trim();
}

function withoutStars(comment) {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}
