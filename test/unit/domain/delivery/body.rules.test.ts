import { metadataOf, prepareBody, readMetadata } from '../../../../src/domain/delivery/body.rules';

const UUID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const MARKS = { psid: 'mark-psid', uuid: 'mark-uuid', attempt: 'mark-attempt' };

it('fills the gaps of a body serialised once', () => {
  const request = {
    recipient: { id: MARKS.psid },
    message: {
      text: 'a "quoted" text',
      metadata: metadataOf('delivery', MARKS.uuid, MARKS.attempt),
      payload: `u:${MARKS.uuid}`,
    },
  };
  const bodyOf = prepareBody(request, MARKS);
  expect(JSON.parse(bodyOf({ psid: '24000000000000001', uuid: UUID, attempt: 3 }))).toEqual({
    recipient: { id: '24000000000000001' },
    message: { text: 'a "quoted" text', metadata: `assent:v1:d:${UUID}:3`, payload: `u:${UUID}` },
  });
});

it('a value cannot break out of its place', () => {
  const bodyOf = prepareBody({ recipient: { id: MARKS.psid } }, MARKS);
  const psid = '1"},"tag":"x\\';
  expect(JSON.parse(bodyOf({ psid, uuid: UUID, attempt: 1 }))).toEqual({ recipient: { id: psid } });
});

it("reads its own metadata and nobody else's", () => {
  expect(readMetadata(metadataOf('delivery', UUID, 2))).toEqual({ kind: 'delivery', uuid: UUID, attempt: 2 });
  expect(readMetadata(metadataOf('reply', UUID, 1))).toEqual({ kind: 'reply', uuid: UUID, attempt: 1 });
  for (const other of [
    undefined,
    null,
    '',
    'assent:v1:x:1:2',
    `assent:v2:d:${UUID}:1`,
    `assent:v1:d:${UUID}:1 `,
    `assent:v1:d:${UUID}`,
  ]) {
    expect(readMetadata(other)).toBeNull();
  }
});
