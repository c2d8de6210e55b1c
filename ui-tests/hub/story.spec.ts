import { expect, test } from '@playwright/test';
import type { Browser } from '@playwright/test';

import { PATIENCE, Person } from './person';

/** What a participant would write, with nothing set: for SECONDS, longer than a token lives. */
const OWN_PREFIX = `
import json, os, time
import boto3
s3 = boto3.client("s3")
bucket, own = os.environ["CHALLENGE_S3"].removeprefix("s3://").split("/", 1)
done, failed = 0, []
until = time.time() + SECONDS
while time.time() < until:
    try:
        s3.put_object(Bucket=bucket, Key=own + "now.txt", Body=str(done).encode())
        assert s3.get_object(Bucket=bucket, Key=own + "now.txt")["Body"].read() == str(done).encode()
        done += 1
    except Exception as error:
        failed.append(str(error))
    time.sleep(1)
print("done" if done > 5 else done, "failed", failed)
`;

const ANOTHERS = `
import boto3
from botocore.exceptions import ClientError
for call in ("get_object", "delete_object"):
    try:
        print(getattr(boto3.client("s3"), call)(Bucket="lab", Key="bob/hello.txt"))
    except ClientError as error:
        print(call, error.response["Error"]["Code"])
`;

/** Have something happen to the world around the browsers; tests/cluster/test_hub_story.py. */
async function deed(name: string): Promise<void> {
  const done = await fetch(`${process.env.DEEDS_URL}/${name}`, {
    method: 'POST'
  });
  expect(done.status, `${name}: ${await done.text()}`).toBe(200);
}

const people: Person[] = [];

async function somebody(browser: Browser, name: string): Promise<Person> {
  const context = await browser.newContext({ baseURL: process.env.HUB_URL });
  const person = new Person(await context.newPage(), name);
  people.push(person);
  return person;
}

test.afterEach(async () => {
  const { status, expectedStatus } = test.info();
  for (const { name, page } of status === expectedStatus ? [] : people) {
    const seen = await page.locator('body').ariaSnapshot();
    console.log(`What ${name} sees:\n${seen.slice(0, 6000)}`);
  }
});

test('two participants and an organiser', async ({ browser }) => {
  const alice = await somebody(browser, 'alice');
  const bob = await somebody(browser, 'bob');
  const carol = await somebody(browser, 'carol');

  await test.step('the organiser publishes a challenge', async () => {
    await carol.signIn();
    await deed('publish');
  });

  await test.step('what is free, and what is not for her', async () => {
    await alice.signIn();
    await alice.openForm();
    await expect(alice.profile('gpu')).toContainText('1 free now');
    await expect(alice.profile('gpu')).toContainText('1 GPU, 0.5 cores');
    await expect(alice.profile('h100')).toHaveCount(0);
    await alice.page.locator('.challenge-others summary').click();
    await expect(alice.page.locator('.challenge-others')).toContainText(
      'write to gpu@example.org'
    );
    await alice.accessible('.challenge-profiles');
    await alice.accessible('.challenge-others');
    await alice.picture('profiles', { dark: true });
  });

  await test.step('she takes the GPU with her keyboard', async () => {
    await alice.page.locator('#challenge-profile-cpu').focus();
    await alice.page.keyboard.press('ArrowDown');
    await expect(alice.page.locator('#challenge-profile-gpu')).toBeChecked();
    await alice.page.keyboard.press('Enter');
    await alice.reachLab();
    await alice.picture('lab');
  });

  await test.step('he sees that it is taken, and waits', async () => {
    await bob.signIn();
    await bob.openForm();
    await expect(bob.profile('gpu')).toContainText('None free now');
    await expect(bob.profile('gpu')).toContainText('you would be the next');
    await bob.picture('profiles-taken', { dark: true });
    await bob.take('gpu');
    await expect(bob.page.locator('#progress-message')).toContainText(
      'You are next in the queue. All that the queue may use is in use.',
      PATIENCE
    );
    await bob.accessible('#progress-message');
    await bob.picture('queue', { dark: true });
  });

  await test.step('the hub is killed and comes back: his page says so, his place is kept', async () => {
    await deed('restart-hub');
    await expect(
      bob.page.getByText('It goes on, and your place is kept.')
    ).toBeVisible(PATIENCE);
    await expect(bob.page.locator('#progress-message')).toContainText(
      'You are next in the queue',
      PATIENCE
    );
    await bob.picture('restarted');
  });

  await test.step('she submits the starter from her server', async () => {
    await alice.openChallenge('iris');
    await alice.enter();
    await alice.submit();
    const first = alice.rows.first();
    await expect(first).toHaveAttribute('data-state', 'scored', PATIENCE);
    await expect(first).toContainText('0.9');
    await expect(alice.panel).toContainText('Rank 1', PATIENCE);
    await alice.picture('score');
  });

  const status = alice.page.locator('.jp-ChallengeStatus', {
    hasText: 'Storage:'
  });

  await test.step('her storage outlives tokens, the provider and the relay', async () => {
    // Nobody is kept waiting for long after the hub is back.
    await expect(status).toHaveCount(0, PATIENCE);
    await alice.newNotebook();
    const anothers = await alice.run(ANOTHERS);
    await expect(anothers).toContainText('get_object AccessDenied', PATIENCE);
    await expect(anothers).toContainText('delete_object AccessDenied');

    const own = await alice.run(OWN_PREFIX.replace('SECONDS', '110'));
    await deed('provider-away');
    await expect(status).toContainText('Storage: no answer', PATIENCE);
    await alice.page.waitForTimeout(30_000);
    await deed('provider-back');
    await deed('kill-relay');
    await expect(own).toContainText('done failed []', PATIENCE);
    await alice.picture('storage');
    await expect(status).toHaveCount(0, PATIENCE);
  });

  await test.step('her sign-in is revoked: one click mends it', async () => {
    await deed('revoke-alice');
    await expect(status).toContainText('sign-in expired', PATIENCE);
    const told = alice.page.locator('.Toastify__toast', {
      hasText: 'Your sign-in for storage has expired'
    });
    await expect(told).toBeVisible(PATIENCE);
    await alice.picture('sign-in-expired');
    const opened = alice.page.context().waitForEvent('page');
    await told.getByRole('button', { name: 'Sign In' }).click();
    const again = await opened;
    // The provider knows her yet, and asks for nothing.
    await again.waitForURL(/\/hub\/|\/user\//, PATIENCE);
    await again.close();
    await alice.page.bringToFront();
    await expect(status).toHaveCount(0, PATIENCE);
  });

  await test.step('her server is preempted: she is told why; he is next', async () => {
    await deed('preempt');
    const later = new Person(await alice.page.context().newPage(), 'alice');
    await expect(async () => {
      await later.page.goto('/hub/spawn');
      await expect(later.page.locator('#challenge-ended')).toContainText(
        'It had to make way for something of a higher priority',
        { timeout: 2_000 }
      );
    }).toPass(PATIENCE);
    await later.accessible('#challenge-ended');
    await later.picture('preempted', { dark: true });
    await deed('give-back');
    await bob.reachLab();
  });

  await test.step('he submits; the organiser sees both', async () => {
    await bob.openChallenge('iris');
    await bob.enter();
    await bob.submit();
    const first = bob.rows.first();
    await expect(first).toHaveAttribute('data-state', 'scored', PATIENCE);

    await carol.openForm();
    await carol.take('cpu');
    await carol.reachLab();
    await carol.openChallenge('iris');
    const section = carol.panel.locator('.jp-Challenge-organiser');
    await expect(section).toContainText('2 submissions', PATIENCE);
    await section.getByRole('button', { name: 'All submissions' }).click();
    const submissions = carol.page.locator('.jp-ChallengeDocument');
    await expect(submissions).toContainText('alice', PATIENCE);
    await expect(submissions).toContainText('bob');
    await carol.picture('organiser');
  });
});
