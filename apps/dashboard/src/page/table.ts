import { type Html, html } from '../html.js';
import { explain } from './explain.js';

export interface Column {
  readonly name: string;
  /** Explained by hover and keyboard. The column then needs an id. */
  readonly explanation?: string;
  readonly id?: string;
  /** Text is aligned to the left. Default: a number, aligned to the right. */
  readonly isText?: boolean;
  /** Read by a screen reader only, e.g. of a column of buttons. */
  readonly isUnseen?: boolean;
}

export interface Cell {
  readonly content: Html | string | number;
  /** `error` and `warning` are also said in words elsewhere on the page: colours alone say nothing. */
  readonly tone?: 'error' | 'warning';
  readonly className?: string;
}

export interface Row {
  /** The same in every version of the page: a row that moves takes focus and open details along. */
  readonly key: string;
  /** One per column. The first one is the row's heading. */
  readonly cells: readonly (Cell | Html | string | number)[];
}

export interface TableOptions {
  /** Unique on the page. */
  readonly id: string;
  /** What the table shows, for a screen reader; `caption` shows it to everybody. */
  readonly label: string;
  readonly caption?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /**
   * How a narrow window shows it. `scroll`: in its own region, as figures that one compares need it. `cards`: one card per
   * row, each value with its column's name.
   */
  readonly narrow?: 'scroll' | 'cards';
  readonly className?: string;
}

/** A table in a region that scrolls by itself and takes the focus, so that the page never scrolls sideways. */
export function table(options: TableOptions): Html {
  const { id, label, caption, columns, rows, narrow = 'scroll', className = '' } = options;
  // Cards are blocks, which would take the table's meaning from a screen reader: roles keep it.
  return html`<div class="scroll ${narrow}" role="region" aria-label="Table: ${label}" tabindex="0" data-key="${id}"><table role="table" class="${className}"${caption === undefined && html` aria-label="${label}"`}>
${caption !== undefined && html`<caption>${caption}</caption>`}
<thead role="rowgroup"><tr role="row">${columns.map(heading(id))}</tr></thead>
<tbody role="rowgroup">${rows.map(({ key, cells }) => html`<tr role="row" data-key="${id} ${key}">${cells.map((cell, index) => cellOf(cell, columns[index] as Column, index === 0))}</tr>`)}</tbody>
</table></div>`;
}

function heading(table: string): (column: Column) => Html {
  return ({ name, explanation, id, isText, isUnseen }) => {
    const shown =
      explanation === undefined
        ? isUnseen
          ? html`<span class="unseen">${name}</span>`
          : name
        : explain({ id: `${table}-${id ?? name}`, term: name, text: explanation });
    return html`<th role="columnheader" scope="col"${isText && html` class="text"`}>${shown}</th>`;
  };
}

function cellOf(given: Row['cells'][number], { name, isText }: Column, isFirst: boolean): Html {
  const cell: Cell = typeof given === 'object' && 'content' in given ? given : { content: given };
  const { content, tone, className } = cell;
  const classes = [isText || isFirst ? 'text' : '', tone ?? '', className ?? ''].filter(Boolean).join(' ');
  const marked = classes !== '' && html` class="${classes}"`;
  return isFirst
    ? html`<th role="rowheader" scope="row"${marked} data-label="${name}">${content}</th>`
    : html`<td role="cell"${marked} data-label="${name}">${content}</td>`;
}
