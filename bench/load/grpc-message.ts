// The one message of the gRPC scenario, both ways: length-prefixed (gRPC over HTTP/2, "Length-Prefixed-Message"), a protobuf message
// whose field 1 is a string.

/** Without its prefix; grpc-origin.c compares with it. */
const MESSAGE_BYTES = 64;
const STRING_BYTES = MESSAGE_BYTES - 2;

export const GRPC_MESSAGE: Buffer = Buffer.concat([
  Buffer.from([0, 0, 0, 0, MESSAGE_BYTES]),
  Buffer.from([0x0a, STRING_BYTES]),
  Buffer.alloc(STRING_BYTES, 'g'),
]);

/** Host, service and method of every call. */
export const GRPC_HOST = 'grpc.bench.example';
export const GRPC_SERVICE = 'bench.Echo';
export const GRPC_METHOD = 'Say';
