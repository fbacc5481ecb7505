// Requests of an agent: with its token, and for each a proof by its key.
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const b64u = (data) => Buffer.from(data).toString("base64url");

/** `fetch` with a token, its grant, and for each request a proof by the agent's key (RFC 9449). */
export function proved(url, file, keyFile) {
  const token = readFileSync(file, "utf8").trim();
  const grant = b64u(readFileSync(`${file}.grant.json`));
  const key = createPrivateKey(readFileSync(keyFile));
  const { kty, crv, x } = createPublicKey(key).export({ format: "jwk" });
  const header = { typ: "dpop+jwt", alg: "EdDSA", jwk: { kty, crv, x } };
  return (input, init = {}) => {
    const claims = {
      htm: init.method ?? "GET", htu: url, iat: Math.floor(Date.now() / 1000), jti: randomUUID(),
      ath: createHash("sha256").update(token).digest("base64url"),
    };
    const signed = [header, claims].map((part) => b64u(JSON.stringify(part))).join(".");
    const headers = new Headers(init.headers);
    headers.set("authorization", `DPoP ${token}`);
    headers.set("wpc-grant", grant);
    headers.set("dpop", `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`);
    return fetch(input, { ...init, headers });
  };
}
