// `node client.mjs URL TOKEN` reads lines from stdin. Each line is a JSON list of calls, which are made at the same
// time. It answers with a line of JSON: for each call [true, the answer] or [false, the error].
import { createInterface } from "node:readline";
import { REST } from "@discordjs/rest";

const [api, token] = process.argv.slice(2);
const rest = new REST({ api, version: "10", timeout: 10_000 }).setToken(token);

async function make({ files = [], ...call }) {
  const parts = files.map(([name, contentType, content]) => ({ name, contentType, data: Buffer.from(content, "base64") }));
  try {
    const answer = await rest.request({ ...call, files: parts });
    return [true, answer instanceof ArrayBuffer ? null : answer];
  } catch (error) {
    return [false, { status: error.status, code: error.code, errors: error.rawError?.errors, text: String(error) }];
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(make))));
}
process.exit();
