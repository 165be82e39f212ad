/**
 * The files by which phones know that links to this host may be opened in the
 * SimpleX app (facts of the reference's `.well-known` folder, simplexmq 6.5.5).
 *
 * @module
 */

const APPLE_APP = "5NN7GUYB6T.chat.simplex.app";
const ANDROID_APP = "chat.simplex.app";
/** SHA-256 of the certificates that the Android app is signed with. */
const ANDROID_CERTIFICATES = [
  "5E:3E:DC:C2:00:FB:A8:D5:F4:88:F3:CA:4C:32:5B:05:78:C5:6A:9C:03:A1:CC:B5:92:9C:D7:5C:7E:57:E2:4D",
  "3C:52:C4:FD:3C:AD:1C:07:C9:B0:0A:70:80:E3:58:FA:B9:FE:FC:B8:AF:5A:EC:14:77:65:F1:6D:0F:21:AD:85",
  "AE:C1:95:DC:FD:46:14:BD:3A:91:EC:26:D1:D5:14:C8:75:71:C5:CC:8D:CF:48:08:3F:92:83:14:3C:A2:B9:A6",
];
/** Links that the iOS app opens: not those of chat relays. */
const APPLE_PATHS = ["/contact", "/invitation", "/a", "/c", "/g", "/i"];

/** `.well-known/apple-app-site-association` */
export const APPLE_APP_LINKS: string = json({
  applinks: {
    details: [{
      appIDs: [APPLE_APP],
      components: APPLE_PATHS.flatMap((path) => [
        { "/": `${path}/*` },
        { "/": path },
      ]),
    }],
  },
});

/** `.well-known/assetlinks.json` */
export const ANDROID_APP_LINKS: string = json([{
  relation: ["delegate_permission/common.handle_all_urls"],
  target: {
    namespace: "android_app",
    package_name: ANDROID_APP,
    sha256_cert_fingerprints: ANDROID_CERTIFICATES,
  },
}]);

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
