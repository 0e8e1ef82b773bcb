"""A TLS endpoint on a free port of an address, which passes on to a port of loopback what it deciphers.

  python3 tls_forward.py ADDRESS TARGET_PORT CERTIFICATE KEY [--clients CA] [--version 1.1]

Prints its port, and ends when its standard input does. With --clients only clients with a
certificate of that authority get through; --version is the only one of TLS that is spoken.
"""
import argparse
import socket
import ssl
import sys
import threading


def pump(source, sink):
    """Pass bytes on until one side ends, then end both."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def part(secure):
    """End a connection that was refused, but not before the client has read why."""
    plain = socket.socket(fileno=secure.detach())
    try:
        plain.shutdown(socket.SHUT_WR)
        plain.settimeout(10)
        while plain.recv(65536):
            pass
    except OSError:
        pass
    plain.close()


def serve(client, context, target):
    secure = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
    try:
        secure.do_handshake()
    except OSError:
        part(secure)
        return
    store = socket.create_connection(('127.0.0.1', target))
    threading.Thread(target=pump, args=(store, secure), daemon=True).start()
    pump(secure, store)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('address')
    parser.add_argument('target', type=int)
    parser.add_argument('certificate')
    parser.add_argument('key')
    parser.add_argument('--clients')
    parser.add_argument('--version', choices=['1.1', '1.2', '1.3'])
    options = parser.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    if options.clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.clients)
    if options.version:
        version = ssl.TLSVersion['TLSv' + options.version.replace('.', '_')]
        context.set_ciphers('DEFAULT:@SECLEVEL=0')    # else old versions are not spoken
        context.minimum_version = context.maximum_version = version

    listener = socket.create_server((options.address, 0))
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, context, options.target), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
