export const ROOT: string;
export const CHART: string;
export const RENDERED: string;
export const CASES: Readonly<Record<string, object>>;
export function digest(): string;
