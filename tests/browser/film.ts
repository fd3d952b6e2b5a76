// The screen as a sequence of frames, and how dark the darkest of them was.
import type { Browser, CDPSession, Page } from "playwright-core";

export class Film {
  readonly frames: string[] = []; // JPEG, base64
  private readonly session: CDPSession;

  private constructor(session: CDPSession) {
    this.session = session;
  }

  static async start(page: Page): Promise<Film> {
    const session = await page.context().newCDPSession(page);
    const film = new Film(session);
    session.on("Page.screencastFrame", (frame) => {
      film.frames.push(frame.data);
      session.send("Page.screencastFrameAck", { sessionId: frame.sessionId }).catch(() => undefined);
    });
    await session.send("Page.startScreencast", { format: "jpeg", quality: 60, everyNthFrame: 1 });
    return film;
  }

  async stop(): Promise<string[]> {
    await this.session.send("Page.stopScreencast");
    await this.session.detach();
    return this.frames;
  }
}

/** The least part of `box` (in CSS px of the page) that was lit in any frame, from 0 to 1, and that frame. What
    floats over the picture is left out: its upper and lower ends and the column of actions. */
export async function darkest(browser: Browser, frames: string[],
  box: { x: number; y: number; width: number; height: number }): Promise<{ lit: number; frame: string }> {
  const page = await browser.newPage();
  try {
    let least = { lit: 1, frame: "" };
    for (const frame of frames) {
      const lit = await page.evaluate(async ({ frame, box }) => {
        const image = new Image();
        image.src = `data:image/jpeg;base64,${frame}`;
        await image.decode();
        const canvas = new OffscreenCanvas(box.width * 0.7, box.height * 0.4);
        const context = canvas.getContext("2d", { willReadFrequently: true })!;
        context.drawImage(image, -(box.x + box.width * 0.05), -(box.y + box.height * 0.2));
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let lit = 0;
        // The ground is #0b0b10; compression moves it by a few steps.
        for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) > 36) lit += 1;
        return lit / (data.length / 4);
      }, { frame, box });
      if (lit < least.lit) least = { lit, frame };
    }
    return least;
  } finally {
    await page.close();
  }
}
