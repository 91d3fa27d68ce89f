import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/**
 * For tests, where no server with WAITAOF can be had: a stand-in that speaks the protocol and answers what a Redis
 * >= 7.2 with appendonly yes and appendfsync everysec is asked about its durability, and nothing else.
 */
export async function startWaitaofStandIn() {
  const sockets = new Set<Socket>();
  const waited: string[][] = [];
  let fsynced = true;

  const settings: Record<string, string> = {
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  function answer([name = '', ...args]: string[]): string {
    switch (name.toLowerCase()) {
      case 'info':
        return bulk('redis_version:7.2.0\r\nloading:0\r\n');
      case 'config':
        return `*2\r\n${bulk(args[1] ?? '')}${bulk(settings[args[1] ?? ''] ?? '')}`;
      case 'command':
        return `*1\r\n*1\r\n${bulk('waitaof')}`;
      case 'waitaof':
        waited.push(args);
        return fsynced ? '*2\r\n:1\r\n:0\r\n' : '*2\r\n:0\r\n:0\r\n';
      default:
        return '+OK\r\n';
    }
  }

  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', bytes => {
      for (const command of readCommands(bytes.toString())) socket.write(answer(command));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waited,
    setFsynced(value: boolean) {
      fsynced = value;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** Commands as clients send them: arrays of bulk strings, here short ones without line breaks. */
function readCommands(text: string): string[][] {
  return text
    .split(/\*\d+\r\n/)
    .filter(command => command.length > 0)
    .map(command =>
      command.split(/\$\d+\r\n/).flatMap(part => (part === '' ? [] : [part.replace(/\r\n$/, '')])),
    );
}
