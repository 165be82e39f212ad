/**
 * A world made of stripes, and where regions are on it.
 *
 * @module
 */

/** Degrees of latitude of a stripe. */
const STRIPE = 5;
/** The northern edge of the first stripe. */
const NORTH = 80;

/** Land from north to south, as pairs of longitudes. */
const LAND: readonly (readonly (readonly [number, number])[])[] = [
  [[-120, -110], [-95, -75], [-68, -20], [12, 24], [60, 67], [96, 108]],
  [[-124, -76], [-55, -23], [52, 57], [70, 140], [146, 158]],
  [[-166, -85], [-78, -63], [-53, -33], [14, 40], [44, 178]],
  [[-164, -94], [-77, -68], [-50, -43], [-22, -15], [6, 17], [22, 160], [
    166,
    176,
  ]],
  [[-159, -153], [-134, -93], [-77, -63], [-6, -3], [8, 16], [22, 138], [
    157,
    162,
  ]],
  [[-129, -57], [-10, -7], [-4, 1], [5, 139], [143, 143], [157, 158]],
  [[-124, -63], [-58, -54], [-3, 137], [143, 143]],
  [[-123, -71], [-8, 2], [8, 15], [18, 48], [53, 130], [141, 144]],
  [[-122, -77], [-8, -2], [13, 16], [21, 23], [28, 120], [127, 128], [
    135,
    140,
  ]],
  [[-117, -81], [-9, 10], [12, 23], [26, 121], [131, 132]],
  [[-112, -98], [-81, -81], [-13, 33], [36, 49], [53, 120]],
  [[-105, -98], [-89, -88], [-83, -77], [-16, 36], [40, 57], [70, 91], [
    93,
    111,
  ], [121, 121]],
  [[-102, -93], [-90, -89], [-73, -70], [-16, 37], [43, 54], [74, 82], [
    95,
    107,
  ], [121, 121]],
  [[-90, -85], [-73, -70], [-16, 42], [44, 45], [76, 79], [99, 100], [
    103,
    108,
  ], [123, 124]],
  [[-82, -79], [-76, -59], [-12, 47], [80, 81], [100, 101], [117, 118], [
    124,
    125,
  ]],
  [[-77, -52], [10, 44], [98, 101], [103, 103], [111, 117], [121, 124]],
  [[-79, -43], [10, 40], [102, 105], [111, 115], [121, 122], [132, 141]],
  [[-78, -36], [14, 38], [107, 113], [139, 146]],
  [[-76, -39], [14, 39], [49, 49], [131, 135], [142, 143]],
  [[-71, -40], [13, 37], [45, 48], [124, 145], [178, 178]],
  [[-70, -44], [15, 34], [45, 47], [115, 149]],
  [[-71, -50], [17, 31], [115, 152]],
  [[-71, -54], [19, 28], [117, 121], [127, 151]],
  [[-72, -59], [141, 148], [176, 177]],
  [[-73, -66], [146, 147], [172, 173]],
  [[-74, -67], [168, 169]],
  [[-73, -69]],
];

/** Size of the map: a unit is a degree. */
export const MAP = { width: 360, height: LAND.length * STRIPE } as const;

/** The land as one path of lines, to be drawn with round ends. */
export const LAND_PATH = LAND.flatMap((stripe, at) =>
  stripe.map(([west, east]) =>
    `M${west + 180} ${at * STRIPE + STRIPE / 2}H${east + 180.1}`
  )
).join("");

/** Latitude and longitude of countries (ISO 3166) and parts of the world. */
const PLACES = new Map(
  `europe 50 12;asia 34 96;africa 4 20;north america 42 -100
south america -14 -58;oceania -25 134;antarctica -54 0;eu 50 12
ad 42 1;ae 24 54;af 34 66;al 41 20;am 40 45;ao -12 18;ar -35 -65;at 47 14
au -25 134;az 40 48;ba 44 18;bd 24 90;be 51 4;bf 12 -2;bg 43 25;bo -17 -65
br -10 -53;bw -22 24;by 53 28;ca 57 -106;cd -3 23;ch 47 8;ci 7 -5;cl -33 -71
cm 6 12;cn 35 103;co 4 -73;cr 10 -84;cu 22 -79;cy 35 33;cz 50 15;de 51 10
dk 56 10;do 19 -70;dz 28 3;ec -1 -78;ee 59 26;eg 27 30;es 40 -4;et 9 39
fi 64 26;fr 46 2;gb 54 -2;uk 54 -2;ge 42 43;gh 8 -1;gl 70 -40;gr 39 22
gt 15 -90;hk 22 114;hn 15 -86;hr 45 16;ht 19 -72;hu 47 19;id -3 113;ie 53 -8
il 31 35;in 22 79;iq 33 44;ir 32 54;is 65 -18;it 43 12;jm 18 -77;jo 31 36
jp 37 139;ke 0 38;kg 41 75;kh 13 105;kr 36 128;kw 29 48;kz 48 67;la 18 104
lb 34 36;li 47 10;lk 7 81;lt 55 24;lu 50 6;lv 57 25;ly 27 17;ma 32 -6
mc 44 7;md 47 29;me 43 19;mg -19 47;mk 42 22;ml 17 -4;mm 21 96;mn 47 104
mt 36 14;mu -20 58;mx 23 -102;my 4 102;mz -18 35;na -22 17;ne 17 9;ng 9 8
ni 13 -85;nl 52 5;no 61 9;np 28 84;nz -41 174;om 21 57;pa 9 -80;pe -10 -76
pg -6 144;ph 13 122;pk 30 70;pl 52 19;pr 18 -66;ps 32 35;pt 39 -8;py -23 -58
qa 25 51;ro 46 25;rs 44 21;ru 60 90;rw -2 30;sa 24 45;sd 15 30;se 62 15
sg 1 104;si 46 15;sk 49 19;sn 14 -14;so 5 46;sv 14 -89;sy 35 38;td 15 19
th 15 101;tj 39 71;tm 39 59;tn 34 9;tr 39 35;tw 24 121;tz -6 35;ua 49 32
ug 1 32;us 39 -98;uy -33 -56;uz 41 64;ve 7 -66;vn 16 107;ye 15 48;za -29 25
zm -13 28;zw -19 30`.split(/[;\n]/).map((line) => {
    const [, name, latitude, longitude] = /^(.*) (-?\d+) (-?\d+)$/.exec(line) ??
      [];
    return [name, {
      x: Number(longitude) + 180,
      y: NORTH - Number(latitude),
    }] as const;
  }),
);

/** Where a region is on the map; undefined: nobody knows. */
export function placeOf(
  region: string,
): { readonly x: number; readonly y: number } | undefined {
  return PLACES.get(region.trim().toLowerCase());
}

/** The name of a region for people: that of a country for its two letters. */
export function regionName(region: string): string {
  if (!/^[a-z]{2}$/i.test(region)) return region;
  const code = region.toUpperCase() === "UK" ? "GB" : region.toUpperCase();
  return NAMES.of(code) ?? region;
}

const NAMES = new Intl.DisplayNames("en", { type: "region" });
