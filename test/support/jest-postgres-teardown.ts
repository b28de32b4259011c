import './jest-postgres-setup';

export default async function tearDown(): Promise<void> {
  await globalThis.testServer?.release();
}
