import { chmodSync } from 'node:fs';
import { onEngines } from '../../test/engines/engine';
import { startHaproxy } from '../../test/engines/haproxy';
import { edgeContract } from './contract';
import { openHaproxyEdge } from './haproxy';
import { openEdge } from './open';

onEngines(['haproxy'], ({ haproxy }) => {
  edgeContract('HAProxy', async () => {
    const server = await startHaproxy({ program: haproxy.setting('EDWIN_TEST_HAPROXY') });
    const { adminUrl, trafficUrl } = server;
    return {
      version: server.version,
      edge: await openEdge(adminUrl, { trafficUrl, token: '' }),
      open: () => openHaproxyEdge({ adminUrl, trafficUrl, patienceMs: 500 }),
      openWithoutRights: () => {
        const root = process.geteuid!() === 0;
        chmodSync(server.socket, 0);
        if (root) process.seteuid!(65_534);
        return {
          edge: openHaproxyEdge({ adminUrl, trafficUrl }),
          close: () => {
            if (root) process.seteuid!(0);
            chmodSync(server.socket, 0o600);
          },
        };
      },
      openNowhere: () =>
        openHaproxyEdge({ adminUrl: adminUrl.replace('master.sock', 'nobody.sock'), trafficUrl, patienceMs: 500 }),
      crash: server.crash,
      start: server.start,
      pause: server.pause,
      resume: server.resume,
      close: server.stop,
    };
  });
});
