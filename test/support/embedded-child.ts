// A process of its own that uses the embedded server: node -r typescript-register.cjs embedded-child.ts DATA_DIR.
// Prints one JSON line when it has the server, releases when its standard input ends.
import { openEmbeddedPostgres } from '../../src/platform/embedded';

async function main(): Promise<void> {
  const server = await openEmbeddedPostgres({ dataDir: process.argv[2]! });
  console.log(JSON.stringify({ url: server.url }));
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await server.release();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
