// Commands around the application's life that are offered only where the server announces them.
//
// Must not be called without asking whether the server can.

export const lifecycle = {
  up: 'draft-tasks.up',
  delete: 'draft-tasks.delete',
} as const;
