/** The browser's cache of the runtime's files; their names change with what is in them. */
export const RUNTIME_CACHE = 'pocketgrid-runtime';
