// The server of the gRPC interoperability cases, on a port of 127.0.0.1.
//
// Usage: server PORT [CERTIFICATE KEY]; it prints a line when it listens.
package main

import (
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	"google.golang.org/grpc/interop/grpc_testing"
)

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(args []string) error {
	if len(args) != 1 && len(args) != 3 {
		return fmt.Errorf("usage: server PORT [CERTIFICATE KEY]")
	}
	var options []grpc.ServerOption
	if len(args) == 3 {
		transport, err := credentials.NewServerTLSFromFile(args[1], args[2])
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(transport))
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[0]))
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	grpc_testing.RegisterTestServiceServer(server, interop.NewTestServer())
	fmt.Println("listening")
	return server.Serve(listener)
}
