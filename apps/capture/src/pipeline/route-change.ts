import { qualifiedName } from '@walmq/change';
import type { Job, Router } from '@walmq/fanout';
import type { BackfillWindow } from '../backfill/window.js';
import type { StreamChange } from './decode-changes.js';

export interface ChangeRouterOptions {
  readonly router: Router;
  /** Remembers the rows that change while a backfill reads their table. */
  readonly window: BackfillWindow;
  /** A change that is not sent again, and why. */
  readonly onRewoundRefused: (reason: string) => void;
}

/** Turns changes of every kind into jobs. */
export class ChangeRouter {
  readonly #options: ChangeRouterOptions;

  constructor(options: ChangeRouterOptions) {
    this.#options = options;
  }

  /** Undefined for a change that is rejected, which `onRewoundRefused` reports. */
  route(next: StreamChange): readonly Job[] | undefined {
    const { router, window } = this.#options;
    switch (next.kind) {
      case 'row': {
        const jobs = router.route(next.change);
        window.changed(next.change, jobs);
        return jobs;
      }
      case 'event':
        return router.routeEvent(next.change);
      case 'read':
        return router.routeRead(next.change, next.queue);
      case 'rewound':
        return this.#rewound(next);
      case 'rejected':
        return this.#reject(next.reason);
    }
  }

  #rewound({ change, queue }: Extract<StreamChange, { kind: 'rewound' }>): readonly Job[] | undefined {
    const jobs = this.#options.router.routeRewound(change, queue);
    if (jobs instanceof Error) return this.#reject(jobs.message);
    if (jobs.length > 0) return jobs;
    return this.#reject(`the queue "${queue}" takes no ${change.op} of ${qualifiedName(change)}`);
  }

  #reject(reason: string): undefined {
    this.#options.onRewoundRefused(reason);
  }
}
