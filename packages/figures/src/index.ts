export type { Percentiles, QueueFigures, WindowFigures } from './figures.js';
export { FiguresReader, type ReadFigures } from './reader.js';
export { Recorder, type RecorderOptions } from './recorder.js';
export type { BacklogSample, Ending, FiguresPlace } from './slots.js';
export { type Backlog, type WorkedOff, workedOff } from './worked-off.js';
