import { WalmqError } from '@walmq/change';

export function eventInvalid(mistake: string): WalmqError {
  return new WalmqError('EVENT_INVALID', `the event cannot be sent: ${mistake}.`, {
    remedy: 'Correct it: docs/guides/outbox.md says what an event is.',
  });
}
