// One version of the demo's backend: a real HTTP server that says which version it is. Ends when its parent does.
// Run as: backend.ts VERSION PORT
import { createServer } from 'node:http';

const [version = 'v0', port = '0'] = process.argv.slice(2);
const body = `${JSON.stringify({ service: 'cart', version })}\n`;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-version': version,
  });
  response.end(body);
});

server.on('error', (error) => {
  process.send?.({ error: error.message });
  process.exitCode = 1;
  process.disconnect?.();
});
server.listen(Number(port), '127.0.0.1', () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit());
