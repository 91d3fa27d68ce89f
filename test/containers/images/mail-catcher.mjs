import http from 'node:http';
import net from 'node:net';

/** Takes every mail on port 1025, and lists their subjects on port 8025 as Mailpit's API does. */
const subjects = [];

net
  .createServer(socket => {
    let isData = false;
    let rest = '';
    socket.write('220 mail\r\n');
    socket.on('error', () => {});
    socket.on('data', chunk => {
      const lines = `${rest}${chunk}`.split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (isData) {
          if (/^Subject:/i.test(line)) subjects.push(line.slice('Subject:'.length).trim());
          if (line !== '.') continue;
          isData = false;
          socket.write('250 taken\r\n');
        } else if (/^DATA/i.test(line)) {
          isData = true;
          socket.write('354 go on\r\n');
        } else if (/^EHLO/i.test(line)) socket.write('250-mail\r\n250 8BITMIME\r\n');
        else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write('250 well\r\n');
      }
    });
  })
  .listen(1025, '0.0.0.0');

http
  .createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://mail');
    const start = Number(searchParams.get('start') ?? 0);
    const messages = subjects.slice(start, start + Number(searchParams.get('limit') ?? 50));
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({ total: subjects.length, messages: messages.map(Subject => ({ Subject })) }),
    );
  })
  .listen(8025, '0.0.0.0');

// The first process of a container ignores signals that it does not handle.
process.on('SIGTERM', () => process.exit(0));
