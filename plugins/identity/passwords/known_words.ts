/**
 * Words and phrases that a guesser tries first, beside the list of common passwords: greetings, words of the trade, and
 * famous passphrases. They have letters only, in lower case.
 */
const welcome =
  "welcome willkommen bienvenue bienvenido bienvenidos benvenuto benvenuti benvingut bemvindo welkom velkommen";
const moreWelcome =
  "valkommen välkommen tervetuloa witamy witajcie vitejte vitajte isten dobrodosli hosgeldiniz herzlichwillkommen";
const trade =
  "hotel hotels motel hostel pension guesthouse gasthof gasthaus resort boutique reception receptionist " +
  "receptionists rezeption rezeptionist empfang " +
  "frontdesk frontoffice backoffice nightaudit nightauditor nightmanager housekeeping " +
  "housekeeper concierge checkin checkout manager hotelmanager generalmanager management director booking bookings " +
  "reservation reservations reservierung zimmer breakfast frühstück fruehstueck restaurant minibar checkincheckout";
const secrets =
  "passwort kennwort geheim geheimnis schluessel schlüssel motdepasse contrasena contraseña senha wachtwoord heslo " +
  "haslo lozinka salasana losenord lösenord adgangskode passord sifre password1 masterpassword administrator " +
  "supersecret topsecret changeme changemeplease changemenow letmeinplease pleaseletmein opensesame defaultpassword " +
  "temporary temporarypassword";
const seasons =
  "spring summer autumn winter frühling fruehling sommer herbst printemps automne hiver primavera verano invierno " +
  "estate " +
  "january february march april june july august september october november december januar februar märz maerz " +
  "juni juli oktober dezember";
const phrases =
  "correcthorsebatterystaple troubador thequickbrownfox thequickbrownfoxjumps thequickbrownfoxjumpsoverthelazydog " +
  "loremipsumdolor loremipsumdolorsitamet maytheforcebewithyou winteriscoming tobeornottobe thatisthequestion " +
  "tobeornottobethatisthequestion supercalifragilisticexpialidocious hellodarknessmyoldfriend livelongandprosper " +
  "iamyourfather lukeiamyourfather houstonwehaveaproblem illbeback elementarymydearwatson carpediem memento " +
  "mementomori " +
  "iloveyouforever iloveyousomuch ihatepasswords thisismypassword mypassword mypasswordis thisisapassword nopassword " +
  "ihavenopassword ineedapassword whatismypassword helloworld hellothere toinfinityandbeyond onceuponatime " +
  "somewhereovertherainbow yellowsubmarine bohemianrhapsody stairwaytoheaven hotelcalifornia grandbudapesthotel";

export const knownWords: readonly string[] = [welcome, moreWelcome, trade, secrets, seasons, phrases].flatMap((line) =>
  line.split(" "),
);
