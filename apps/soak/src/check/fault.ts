/** What is wrong, as one sentence with the key, the position and the number in the log. */
export interface Fault {
  readonly what: 'lost' | 'doubled' | 'reordered' | 'altered' | 'invented' | 'unfinished';
  readonly sentence: string;
}
