import { describe, expect, test } from 'vitest';
import { routeTitle } from './route-title.ts';
import { decodeRoute, encodeRoute, PAGE_PATHS } from './router.ts';

describe('routes', () => {
  test.each([
    '/',
    '/dashboard',
    '/dashboard/playground',
    '/dashboard/job_0123456789abcdef',
    '/dashboard/models',
    '/dashboard/keys',
    '/dashboard/webhooks',
    '/verdicts',
    '/settlements',
    '/teams',
    `/profile/${'ab'.repeat(32)}`,
    '/elsewhere',
  ])('%s is read and written alike, and has a title', (path) => {
    const route = decodeRoute(path);
    expect(encodeRoute(route)).toBe(path);
    expect(routeTitle(route)).toContain('Pocketgrid');
  });

  test.each([
    ['/', true],
    ['/index.html', true],
    ['/verdicts/', true],
    ['/dashboard/keys', true],
    ['/dashboard/job_0123456789abcdef', true],
    [`/profile/${'ab'.repeat(32)}`, true],
    ['/metrics', false],
    ['/chain', false],
    ['/v1/docs', false],
    ['/sample/digits.onnx', false],
  ])('%s is a page of the app: %s', (path, isPage) => {
    expect(PAGE_PATHS.some((page) => page.test(path))).toBe(isPage);
  });

  test('a trailing slash makes no difference', () => {
    expect(decodeRoute('/dashboard/')).toEqual({ page: 'dashboard' });
  });

  test('a job id that is none is no job page', () => {
    expect(decodeRoute('/dashboard/job_XYZ').page).toBe('missing');
  });
});
