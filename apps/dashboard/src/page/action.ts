import { type Html, html } from '../html.js';

export interface ActionOptions {
  /** Path without the base path. A POST to `<path>/preview` answers `{ title, text, confirm }`, one to `path` `{ text }`. */
  readonly path: string;
  /** Sent as JSON with both. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The button's text; an ellipsis is added, because a question follows. */
  readonly text: string;
  /** What exactly it does, for a screen reader: begins with `text`. */
  readonly label: string;
  /** Name of checkboxes: the values of the ticked ones are sent too, as `selected`. */
  readonly selects?: string;
  /** `discard` looks dangerous. */
  readonly tone?: 'replay' | 'discard';
}

/**
 * A button that asks the server what it would do, shows that in a dialog, and does it after a confirmation. The result is
 * said in `#outcome`. Draw it for operators only; the guard refuses the others. Needs a script: hidden without one.
 */
export function actionButton({ path, body, text, label, selects, tone = 'replay' }: ActionOptions): Html {
  const json = JSON.stringify(body);
  return html`<button type="button" class="${tone} needs-script" data-action="${path}" data-body="${json}"${selects !== undefined && html` data-selects="${selects}"`} data-key="${path} ${json} ${selects ?? ''}" aria-label="${label}">${text}…</button>`;
}
