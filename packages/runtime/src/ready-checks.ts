/** Resolves to undefined if ready, or to the reason why not. */
export type ReadyCheck = () => Promise<string | undefined> | string | undefined;

const CHECK_TIMEOUT_MS = 2000;

/** The reasons of the checks that are not met, by name. Empty: ready. */
export async function unmetChecks(checks: ReadonlyMap<string, ReadyCheck>): Promise<Record<string, string>> {
  const answers = await Promise.all(
    [...checks].map(async ([name, check]) => [name, await answerOf(check)] as const),
  );
  return Object.fromEntries(answers.filter((answer): answer is [string, string] => answer[1] !== undefined));
}

/** A check that does not answer in time counts as not ready. */
async function answerOf(check: ReadyCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}
