import type { ToJson } from './value.js';

/**
 * Reads PostgreSQL's array text (`{1,2,NULL}`, `{{"a b"},{c}}`, `[0:1]={x,y}`) into JSON text; lower bounds are
 * dropped. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function arrayToJson(element: ToJson, delimiter: string): ToJson {
  return text => {
    const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
    const [json, end] = readArray(text, start, element, delimiter);
    if (end !== text.length) throw new RangeError('array text goes on after its end');
    return json;
  };
}

/** The array that opens at `at`, as JSON, and where the text goes on after it. */
function readArray(text: string, at: number, element: ToJson, delimiter: string): [string, number] {
  const items: string[] = [];
  let next = at + 1; // past '{'
  while (text[next] !== '}') {
    if (next >= text.length) throw new RangeError('array text ends early');
    const [item, end] = readItem(text, next, element, delimiter);
    items.push(item);
    next = text[end] === delimiter ? end + 1 : end;
  }
  return [`[${items.join(',')}]`, next + 1];
}

function readItem(text: string, at: number, element: ToJson, delimiter: string): [string, number] {
  if (text[at] === '{') return readArray(text, at, element, delimiter);
  if (text[at] === '"') return readQuoted(text, at, element);
  let end = at;
  while (end < text.length && text[end] !== delimiter && text[end] !== '}') end++;
  const raw = text.slice(at, end);
  return [raw === 'NULL' ? 'null' : element(raw), end];
}

function readQuoted(text: string, at: number, element: ToJson): [string, number] {
  let value = '';
  let next = at + 1;
  while (text[next] !== '"') {
    if (next >= text.length) throw new RangeError('quoted array element ends early');
    if (text[next] === '\\') next++;
    value += text[next++];
  }
  return [element(value), next + 1];
}
