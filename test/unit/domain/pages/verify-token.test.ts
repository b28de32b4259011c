import type { GraphAnswer, PageGraph, PageIdentity } from '../../../../src/domain/pages/page-graph.types';
import { verifyToken } from '../../../../src/domain/pages/verify-token';

const CALL = { metaPageId: '1001', token: 'EAAtoken' };
const unused = () => Promise.reject(new Error('no other call belongs to a verification'));

const graphAnswering = (answer: GraphAnswer<PageIdentity>): PageGraph => ({
  identify: () => Promise.resolve(answer),
  setProfile: unused,
  subscribe: unused,
  unsubscribe: unused,
});
const verify = (answer: GraphAnswer<PageIdentity>) => verifyToken(graphAnswering(answer), CALL);
const refused = (status: number | null, code: number | null, subcode: number | null = null) =>
  verify({ ok: false, status, code, subcode, message: 'words of Meta' });

it('accepts the token of this very Page', async () => {
  await expect(verify({ ok: true, value: { id: '1001', name: null } })).resolves.toBeUndefined();
});

it('refuses a token that Meta accepts but that belongs to another Page or to a person', async () => {
  await expect(verify({ ok: true, value: { id: '1002', name: 'Another' } })).rejects.toMatchObject({
    code: 'page_token_refused',
    metaCode: null,
    message: 'the token belongs to another Page than page_id names',
  });
});

it.each([
  [401, 190, 463],
  [403, 200, null],
  [400, 100, 33],
  [403, null, null],
])('calls %p with code %p a refusal and keeps code and subcode', async (status, code, subcode) => {
  await expect(refused(status, code, subcode)).rejects.toMatchObject({
    code: 'page_token_refused',
    metaCode: code,
    metaSubcode: subcode,
  });
});

it.each([
  [null, null],
  [503, null],
  [500, 2],
  [403, 4],
  [400, 613],
  [403, 80_006],
])('draws no conclusion from %p with code %p', async (status, code) => {
  await expect(refused(status, code)).rejects.toMatchObject({ code: 'meta_unreachable' });
});
