import { messageOf } from '@walmq/change';
import { type AlertPlace, renderAlert, testAlert } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Target } from './target.js';

/** How a target took a test message. `error`: why it did not; null if it did. */
export interface Tested {
  readonly target: string;
  readonly error: string | null;
}

/** Sends a test message to each target, all at the same time. */
export async function testTargets(targets: readonly Target[], place: AlertPlace): Promise<Tested[]> {
  const message = testAlert(Date.now());
  const rendered = renderAlert(message, place);
  return await Promise.all(
    targets.map(async target => ({
      target: target.name,
      error: await target.send(message, rendered).then(
        () => null,
        (cause: unknown) => redact(messageOf(cause)),
      ),
    })),
  );
}
