// What to show of whatever was thrown: people get the message, never a stack.

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
