/** Maximum sizes of an event, for senders and for capture. Redis holds every job in memory. */
export const EVENT_LIMITS = {
  /** Bytes of the event's JSON in UTF-8. */
  bytes: 1024 * 1024,
  typeCharacters: 200,
  keyCharacters: 500,
  queueCharacters: 100,
  /** Levels of nested arrays and objects. The event itself is the first level. */
  depth: 200,
} as const;
