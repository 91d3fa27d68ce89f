/** What an event may be at most, for those who send one and for who reads it. Redis holds every job in memory. */
export const EVENT_LIMITS = {
  /** Of its JSON, in UTF-8. */
  bytes: 1024 * 1024,
  typeCharacters: 200,
  keyCharacters: 500,
  queueCharacters: 100,
  /** Of arrays and objects in each other, the event itself being the first. */
  depth: 200,
} as const;
