// The http2-proxy peer's own process. Run as: http2-proxy-server.ts PORT ORIGIN_PORT
import { Agent, createServer, request as startRequest, type OutgoingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';

// Its type declarations promise named exports, which Node does not find in it.
const { web } = createRequire(import.meta.url)('http2-proxy') as typeof import('http2-proxy');
const [port, originPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  void web(
    request,
    response,
    {
      hostname: '127.0.0.1',
      port: originPort!,
      onReq: async (incoming, options) =>
        startRequest({
          ...options,
          agent,
          // http2-proxy has made a record of them.
          headers: {
            ...(options.headers as OutgoingHttpHeaders),
            'x-forwarded-for': incoming.socket.remoteAddress,
          },
        }),
    },
    (error, _, broken) => {
      if (error === null || error === undefined) return;
      if (!broken.headersSent) broken.statusCode = 502;
      broken.end();
    },
  );
});
server.listen(port, '127.0.0.1', 4096);
