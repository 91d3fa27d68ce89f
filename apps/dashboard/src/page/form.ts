import { type Html, html } from '../html.js';

interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  /** One short sentence below the field; a screen reader reads it with the field. */
  readonly hint?: string | Html;
  /** What is wrong with what was typed, as a sentence. */
  readonly problem?: string | undefined;
}

export interface TextFieldOptions extends FieldOptions {
  readonly type?: 'text' | 'search' | 'datetime-local' | 'number';
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  /** Suggestions: any other text may be typed too. */
  readonly suggestions?: readonly string[];
}

/** A labelled field of a line of text. */
export function textField(options: TextFieldOptions): Html {
  const { name, type = 'text', value = '', placeholder, isRequired, suggestions } = options;
  return field(
    options,
    described =>
      html`<input id="field-${name}" name="${name}" type="${type}" value="${value}" autocomplete="off" spellcheck="false" autocapitalize="none"${placeholder !== undefined && html` placeholder="${placeholder}"`}${isRequired && html` required`}${suggestions !== undefined && html` list="list-${name}"`}${described}>${suggestions !== undefined && html`<datalist id="list-${name}">${suggestions.map(text => html`<option value="${text}"></option>`)}</datalist>`}`,
  );
}

/** A labelled field of several lines. */
export function textArea({ rows = 8, ...options }: FieldOptions & { readonly rows?: number }): Html {
  const { name, value = '' } = options;
  return field(
    options,
    described =>
      html`<textarea id="field-${name}" name="${name}" rows="${rows}" spellcheck="false"${described}>
${value}</textarea>`,
  );
}

export interface ChoiceOptions extends FieldOptions {
  readonly choices: readonly (readonly [value: string, text: string])[];
}

/** A labelled choice of one. */
export function choiceField(options: ChoiceOptions): Html {
  const { name, value = '', choices } = options;
  return field(
    options,
    described =>
      html`<select id="field-${name}" name="${name}"${described}>${choices.map(([choice, text]) => html`<option value="${choice}"${choice === value && html` selected`}>${text}</option>`)}</select>`,
  );
}

function field({ name, label, hint, problem }: FieldOptions, control: (described: Html) => Html): Html {
  const ids = [hint !== undefined && `hint-${name}`, problem !== undefined && `problem-${name}`].filter(
    Boolean,
  );
  const described = html`${ids.length > 0 && html` aria-describedby="${ids.join(' ')}"`}${problem !== undefined && html` aria-invalid="true"`}`;
  return html`<div class="field"><label for="field-${name}">${label}</label>${control(described)}${hint !== undefined && html`<small id="hint-${name}">${hint}</small>`}${problem !== undefined && html`<small class="problem" id="problem-${name}">${problem}</small>`}</div>`;
}
