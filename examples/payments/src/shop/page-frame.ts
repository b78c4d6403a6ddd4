import type { Response } from 'express';
import { type Html, html } from './html.ts';

const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Sends a whole page with this body. */
export function sendPage(response: Response, status: number, title: string, content: Html): void {
  response.status(status).set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': policy });
  response.type('html').send(frame(title, content).text);
}

function frame(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/base.css">
    <link rel="stylesheet" href="/checkout.css">
    <link rel="stylesheet" href="/panels.css">
    <link rel="stylesheet" href="/orders.css">
  </head>
  <body>
    <header class="masthead">
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28"> Latchkey <span>payments example</span></a>
      <p class="server" id="server" role="status"></p>
    </header>
    <main>${content}</main>
  </body>
</html>
`;
}

/** A page with one message; `back` is its link. */
export interface Note {
  readonly title: string;
  readonly detail: string;
  readonly back?: string;
}

/** Sends a page with one message. */
export function sendNote(response: Response, status: number, note: Note): void {
  sendPage(response, status, note.title, noteHtml(note));
}

/** A whole page with one message. */
export function notePage(note: Note): string {
  return frame(note.title, noteHtml(note)).text;
}

function noteHtml({ title, detail, back }: Note): Html {
  return html`
    <section class="note card">
      <h1>${title}</h1>
      <p>${detail}</p>
      <p><a class="button" href="${back ?? '/'}">Back to the checkout</a></p>
    </section>`;
}
