/** A mail's content before it becomes text and HTML. All of it is plain text, whoever wrote it. */
export interface MailContent {
  readonly heading: string;
  readonly blocks: readonly MailBlock[];
}

export type MailBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'items'; readonly items: readonly MailItem[] }
  /** Names and values, one per line: totals, numbers. */
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] };

export interface MailItem {
  readonly name: string;
  readonly quantity: number;
  /** Price of one; undefined if unknown. */
  readonly price: string | undefined;
  /** Price of all. */
  readonly total: string | undefined;
}

const MAX_VALUE_CHARACTERS = 200;
/** Control characters, line and paragraph separators, and characters that change the direction of text. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** A value as one line of limited length, so that it cannot look like another line of the mail. */
export function oneLine(value: string, maxCharacters = MAX_VALUE_CHARACTERS): string {
  const characters = [...value.replaceAll(UNSEEN, ' ').trim()];
  if (characters.length <= maxCharacters) return characters.join('');
  return `${characters.slice(0, maxCharacters - 1).join('')}…`;
}
