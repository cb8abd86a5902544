/** So many runs can be told apart on one chart (the server's MAX_COMPARED_RUNS). */
export const MOST_COMPARED = 8;
