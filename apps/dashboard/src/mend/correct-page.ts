import { html } from '../html.js';
import { textArea, textField } from '../page/form.js';
import { jobLink } from '../page/links.js';
import { page } from '../page/page.js';
import type { Viewer } from '../page/viewer.js';

export interface CorrectPage {
  readonly viewer: Viewer;
  readonly queue: string;
  readonly jobId: string;
  /** JSON text in the editor. */
  readonly text: string;
  /** JSON text that the editor began with: the correction is refused if the change is another by then. */
  readonly original: string;
  readonly reason?: string | undefined;
  /** What is wrong with what was typed, as a sentence. */
  readonly problem?: string | undefined;
  /** What was done, as a sentence. */
  readonly done?: string | undefined;
}

/** The editor of a corrected copy. Works without a script. */
export function correctPage(options: CorrectPage): string {
  const { viewer, queue, jobId, text, original, reason, problem, done } = options;
  return page({
    viewer,
    name: 'row',
    title: `Correct ${jobId}`,
    main: html`<h2>Correct a change</h2>
<p>Queue ${queue}, change ${jobLink(viewer, queue, jobId)}. The corrected copy takes its place, with its id: an effect that was made once is not made again. The original is kept in the operators' log.</p>
<p class="hint">Correct values of <code>after</code> or <code>before</code>. Everything else stays: table, key and transaction, the columns that order the queue, and those that it masks.</p>
${done !== undefined && html`<p role="status" class="outcome">${done}</p>`}
${
  done === undefined &&
  html`<form method="post" action="${viewer.basePath}/mend/correct">
<input type="hidden" name="token" value="${viewer.token}"><input type="hidden" name="queue" value="${queue}"><input type="hidden" name="job" value="${jobId}">
<textarea name="original" hidden>
${original}</textarea>
${textArea({ name: 'given', label: 'The change as JSON', value: text, rows: 24, problem })}
${textField({ name: 'reason', label: 'Why', value: reason, hint: "For the operators' log." })}
<p class="buttons"><button type="submit" class="replay">Hand on the corrected copy</button></p>
</form>`
}`,
  });
}
