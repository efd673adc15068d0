// All that is fuzzed.
import type { FuzzTarget } from './target.ts';
import { chunkedBody } from './target/chunked-body.ts';
import { clientHello } from './target/client-hello.ts';
import { frames } from './target/frames.ts';
import { headerBlock } from './target/header-block.ts';
import { proxyHeader } from './target/proxy-header.ts';
import { requestHead } from './target/request-head.ts';
import { requestTarget } from './target/request-target.ts';
import { routes } from './target/routes.ts';

export const TARGETS: readonly FuzzTarget[] = [
  requestHead,
  chunkedBody,
  requestTarget,
  headerBlock,
  frames,
  proxyHeader,
  clientHello,
  routes,
];
