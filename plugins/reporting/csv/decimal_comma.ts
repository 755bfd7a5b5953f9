/**
 * Lists the time zones of countries that write a decimal comma, by the main language in CLDR 44. The list is computed
 * once and stored here, because asking Intl for every country takes 200 ms of the web process.
 */
const cities: Readonly<Record<string, string>> = {
  Africa: `Abidjan Algiers Bangui Bissau Brazzaville Bujumbura Casablanca Ceuta Conakry Dakar Djibouti Douala
    Johannesburg Kigali
    Kinshasa Libreville Lome Luanda Lubumbashi Malabo Maputo Nouakchott Ouagadougou Porto-Novo Sao_Tome Tripoli
    Tunis Windhoek`,
  America: `Araguaina Argentina/Buenos_Aires Argentina/Catamarca Argentina/Cordoba Argentina/Jujuy Argentina/La_Rioja
    Argentina/Mendoza Argentina/Rio_Gallegos Argentina/Salta Argentina/San_Juan Argentina/San_Luis Argentina/Tucuman
    Argentina/Ushuaia Aruba Bahia Belem Boa_Vista Bogota Buenos_Aires Campo_Grande Caracas Catamarca Cayenne Cordoba
    Costa_Rica Coyhaique Cuiaba Danmarkshavn Eirunepe Fortaleza Godthab Guadeloupe Guayaquil Jujuy La_Paz Maceio Manaus
    Marigot Martinique Mendoza Miquelon Montevideo Noronha Nuuk Paramaribo Porto_Velho Punta_Arenas Recife Rio_Branco
    Santarem Santiago Sao_Paulo Scoresbysund St_Barthelemy Thule`,
  Arctic: "Longyearbyen",
  Asia: `Almaty Anadyr Aqtau Aqtobe Ashgabat Atyrau Baku Barnaul Beirut Bishkek Brunei Chita Dili Dushanbe Famagusta
    Ho_Chi_Minh Irkutsk Jakarta Jayapura Kamchatka Khandyga Krasnoyarsk Magadan Makassar Nicosia Novokuznetsk
    Novosibirsk Omsk Oral Pontianak Qostanay Qyzylorda Saigon Sakhalin Samarkand Srednekolymsk Tashkent Tbilisi Tomsk
    Ust-Nera Vientiane Vladivostok Yakutsk Yekaterinburg Yerevan`,
  Atlantic: "Azores Canary Cape_Verde Faeroe Faroe Madeira Reykjavik",
  Europe: `Amsterdam Andorra Astrakhan Athens Belgrade Berlin Bratislava Brussels Bucharest Budapest Busingen Chisinau
    Copenhagen Helsinki Istanbul Kaliningrad Kiev Kirov Kyiv Lisbon Ljubljana Luxembourg Madrid Mariehamn Minsk Monaco
    Moscow Oslo Paris Podgorica Prague Riga Rome Samara San_Marino Sarajevo Saratov Simferopol Skopje Sofia Stockholm
    Tallinn Tirane Ulyanovsk Vatican Vienna Vilnius Volgograd Warsaw Zagreb`,
  Indian: "Kerguelen Mahe Mauritius Mayotte Reunion",
  Pacific: "Easter Galapagos Gambier Marquesas Noumea Tahiti Wallis",
};

const zones: ReadonlySet<string> = new Set(
  Object.entries(cities).flatMap(([area, names]) => names.split(/\s+/).map((name) => `${area}/${name}`)),
);

/** Returns whether the zone's country writes a decimal comma. False if the zone names no country, such as UTC. */
export function hasDecimalComma(timeZone: string): boolean {
  if (zones.has(timeZone)) return true;
  // Intl knows older and newer names of the same zone.
  return zones.has(new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone);
}
