/** How the program ends. */
export const EXIT = { done: 0, refused: 1, misused: 2, unreachable: 3, stopped: 130 } as const;
