// Which engine serves: our own epoll loop where C can be called from here, node:net where that is not allowed.

export async function chooseEngine(asked: 'auto' | 'epoll' | 'net'): Promise<'epoll' | 'net'> {
  if (asked !== 'auto') return asked;
  try {
    await import('#native/libc');
    return 'epoll';
  } catch {
    return 'net';
  }
}
