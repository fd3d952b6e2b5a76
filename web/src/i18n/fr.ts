// Français. Espaces insécables : fine (U+202F) devant ; ! ? et dans les guillemets, pleine (U+00A0)
// devant les deux-points.
import type { Messages } from "./en";
import { count, decimals, percent, region } from "./format";

const plural = new Intl.PluralRules("fr");
const n_of = (n: number, one: string, other: string) =>
  (plural.select(n) === "one" ? one : other).replace("#", count("fr", n));

const NUMERALS = ["aucune", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"];
const word = (n: number) => NUMERALS[n] ?? count("fr", n);

const TOPICS: Record<string, string> = {
  cells: "vie cellulaire",
  clocks: "horloges",
  fractals: "fractales",
  kaleidoscopes: "kaléidoscopes",
  light: "lumière",
  mazes: "labyrinthes",
  typography: "typographie",
  waves: "vagues",
};
const topic = (name: string) => TOPICS[name] ?? `#${name}`;
const lower = (text: string) => text.charAt(0).toLocaleLowerCase("fr") + text.slice(1);
const capital = (text: string) => text.charAt(0).toLocaleUpperCase("fr") + text.slice(1);
const of = (text: string) => (/^[aeéêhiou]/i.test(text) ? `d’${text}` : `de ${text}`);

const TERMS: Record<string, string> = {
  finish: "Vue jusqu’au bout",
  watch: "Part regardée",
  like: "Aimée",
  skip: "Passée",
  topic_affinity: "Son sujet",
  topic_lately: "Son sujet, ces derniers temps",
  author_affinity: "Son auteur",
  follows_author: "Vous suivez son auteur",
  freshness: "Sa nouveauté",
  novelty: "Terrain nouveau",
  taste: "Proche de vos goûts",
  comment: "Commentée",
  share: "Partagée",
  save: "Enregistrée",
  follow: "Auteur suivi",
  not_interested: "Pas intéressé",
  report: "Signalée",
  co_watch: "Des gens de votre goût",
  popularity: "Combien l’aiment",
  asked_topic: "Vous en avez demandé plus ou moins",
  repeat_penalty: "Sujet déjà dans la page",
  exploration_bonus: "Encore peu vue",
};

export const fr: Messages = {
  name: "Français",
  title: (page) => `${page} · Rondo`,

  nav: {
    main: "Principale",
    feed: "Fil",
    upload: "Publier",
    me: "Moi",
    feeds: "Fils",
    for_you: "Pour vous",
    following: "Suivis",
    latest: "Récents",
    home: "Rondo, vers le fil",
    skip: "Vers la vidéo",
  },

  player: {
    region: "Vidéos",
    video_by: (author) => `Vidéo de ${author}`,
    play: "Lire",
    pause: "Mettre en pause",
    sound_on: "Activer le son",
    sound_off: "Couper le son",
    position: "Position",
    position_of: (at, of) => `${at} secondes sur ${of}`,
    next: "Vidéo suivante",
    previous: "Vidéo précédente",
    like: "J’aime",
    unlike: "Ne plus aimer",
    likes: (n) => n_of(n, "# j’aime", "# j’aime"),
    views: (n) => n_of(n, "# vue", "# vues"),
    share: "Partager",
    link_copied: "Lien copié",
    why: "Pourquoi cette vidéo",
    less: "Pas intéressé",
    more_text: "plus",
    less_text: "moins",
    failed: "Cette vidéo ne se lit pas ici.",
    failed_hint: "La connexion a peut-être été coupée. Réessayez, ou passez à la suivante.",
    retry: "Réessayer",
    keys: "Touches\u00a0: haut et bas, espace met en pause, M le son, L j’aime, C les sous-titres, I pourquoi cette vidéo",
  },

  feed: {
    loading: "Les vidéos suivantes arrivent",
    exhausted: "Vous avez tout vu",
    exhausted_hint:
      "Les nouvelles vidéos arrivent ici en premier. D’ici là, revoyez les récentes, ou faites-en une vous-même.",
    latest_end: "C’était tout",
    latest_end_hint:
      "De la plus récente à la plus ancienne. Reprenez au début, ou ajoutez une vidéo à vous.",
    following_end: "Vous êtes à jour",
    following_end_hint: "Les personnes que vous suivez n’ont rien publié de plus récent.",
    again: "Revoir les récentes",
    from_top: "Reprendre au début",
    single_end: "C’était celle-ci",
    single_end_hint: "«\u202fPour vous\u202f» en a d’autres, et apprend de ce que vous regardez.",
    watch_again: "La revoir",
    empty: "Pas encore de vidéos",
    empty_hint: "Soyez la première personne\u00a0: publiez une vidéo, et tout le monde la verra ici.",
    following_empty: "Vous ne suivez encore personne",
    following_empty_hint:
      "Ouvrez un profil depuis une vidéo et touchez «\u202fSuivre\u202f». Ses vidéos arriveront ici, les plus récentes d’abord.",
    following_sign_in: "Connectez-vous pour suivre quelqu’un",
    following_sign_in_hint:
      "Ce fil montre les vidéos des personnes que vous choisissez, les plus récentes d’abord.",
    failed: "Le fil est injoignable",
    unreachable:
      "Rondo ne répond pas. Vérifiez votre connexion\u202f; cette page réessaie d’elle-même.",
    timeout: "La réponse a trop tardé. Cette page réessaie d’elle-même.",
    unreachable_once: "Rondo ne répond pas. Vérifiez votre connexion et réessayez.",
    timeout_once: "La réponse a trop tardé. Vérifiez votre connexion et réessayez.",
    no_detail: (status) => `Le serveur a répondu par l’erreur ${status}, sans raison.`,
    retry: "Réessayer",
    fallback: "Récents, pour le moment",
    fallback_hint: "«\u202fPour vous\u202f» n’a pas pu répondre à temps\u202f; il reprend de lui-même.",
    upload_now: "Publier une vidéo",
    to_for_you: "Retour à «\u202fPour vous\u202f»",
  },

  learned: {
    label: "Ce que le fil a appris",
    text(l) {
      const what = `${l.more ? "Plus" : "Moins"} ${of(topic(l.topic))}`;
      const because = l.more
        ? l.liked > 0
          ? `vous en avez aimé ${word(l.liked)}`
          : l.finished > 0
            ? `vous en avez vu ${word(l.finished)} jusqu’au bout`
            : ""
        : l.not_interested > 0
          ? "vous l’avez demandé"
          : l.skipped > 0
            ? `vous en avez passé ${word(l.skipped)}`
            : "";
      return because ? `${what}\u00a0: ${because}.` : `${what} désormais.`;
    },
  },

  why: {
    title: "Pourquoi cette vidéo",
    close: "Fermer",
    source: {
      personal: "Choisie pour vous\u00a0: proche de ce que vous avez regardé.",
      trending: "Beaucoup de monde la regarde en ce moment.",
      fresh: "Elle est nouvelle et reçoit ses premiers regards.",
      followed: "Vous suivez son auteur.",
      match: "Elle parle de quelque chose que vous aimez, ou vient de quelqu’un que vous aimez regarder.",
      co_watch: "Ceux qui aiment ce que vous aimez l’aiment aussi.",
      sound: "Elle a le son d’une vidéo que vous avez aimée.",
      liked_by_followed: "Des gens que vous suivez l’aiment.",
      trending_region: "Beaucoup de gens de votre région la regardent en ce moment.",
      exploration: "Un essai\u00a0: pour savoir si quelque chose de nouveau vous plaît.",
      following: "De quelqu’un que vous suivez, dans l’ordre du temps.",
      latest: "Dans l’ordre du temps. Rien ici ne dépend de ce que vous regardez.",
      opened: "Vous l’avez ouverte vous-même\u00a0: rien ne l’a choisie pour vous.",
    },
    reason(kind, subject, n) {
      switch (kind) {
        case "topic_finished":
          return `Vous avez regardé jusqu’au bout ${n_of(n, "une vidéo", "# vidéos")} sur le sujet «\u202f${topic(subject)}\u202f».`;
        case "topic_liked":
          return `Vous avez aimé ${n_of(n, "une vidéo", "# vidéos")} sur le sujet «\u202f${topic(subject)}\u202f».`;
        case "topic_skipped":
          return `Vous avez passé ${n_of(n, "une vidéo", "# vidéos")} sur le sujet «\u202f${topic(subject)}\u202f»\u00a0: cela compte contre elle.`;
        case "follows_author":
          return `Vous suivez @${subject}.`;
        case "author_finished":
          return `Vous avez regardé jusqu’au bout ${n_of(n, "une vidéo", "# vidéos")} de @${subject}.`;
        case "co_watched":
          return `Ceux qui ont aimé ${n_of(n, "une vidéo", "# vidéos")} que vous avez aimée${n > 1 ? "s" : ""} l’ont aimée aussi.`;
        case "sound_liked":
          return `Vous avez aimé ${n_of(n, "une vidéo", "# vidéos")} avec ce son.`;
        case "liked_by_followed":
          return `${n_of(n, "Quelqu’un que vous suivez l’aime", "# personnes que vous suivez l’aiment")}.`;
        case "trending_region":
          return `On la regarde beaucoup dans votre région (${region("fr", subject)}).`;
        case "asked_more":
          return `Vous avez demandé plus ${of(topic(subject))}.`;
        case "asked_less":
          return `Vous avez demandé moins ${of(topic(subject))}\u00a0: cela compte contre elle.`;
        case "trending":
          return n > 0
            ? `${n_of(n, "Une personne l’a vue", "# personnes l’ont vue")} récemment.`
            : "Elle est très regardée.";
        case "fresh":
          return "Elle a été publiée il y a peu.";
        case "exploration":
          return "Vous avez encore peu croisé ce genre de vidéo.";
        default:
          return "";
      }
    },
    terms: "De quoi le score est fait",
    terms_hint: "Ce que le fil attend de vous, multiplié par son poids. La somme des barres est le score.",
    term: (name) => TERMS[name] ?? name.replaceAll("_", " "),
    arithmetic: (value, weight) => `${value} × ${weight}`,
    score: "Score",
    less: "Changer la suite",
    more_like_this: "Plus comme celle-ci",
    liked_this: "Vous aimez celle-ci",
    more_topic: (name) => `Plus ${of(topic(name))}`,
    hide_topic: (name) => `Pas ${of(topic(name))}`,
    less_topic: (name) => `Moins ${of(topic(name))}`,
    not_author: (author) => `Pas @${author}`,
    not_video: "Pas cette vidéo",
    receipt: "Le reçu de la page",
    receipt_hint: "Tous les nombres derrière cette page, vérifiables par chacun.",
    chip_on: "Le dire quand le fil a appris quelque chose",
  },

  upload: {
    title: "Publier",
    sign_in: "Connectez-vous pour publier",
    sign_in_hint: "Une vidéo appartient à quelqu’un\u00a0: un nom et un mot de passe suffisent.",
    closed: "Les envois sont fermés pour le moment. Réessayez plus tard.",
    drop: "Déposez des vidéos ici",
    pick: "Choisir des vidéos",
    pick_hint: "ou choisissez-les sur cet appareil, plusieurs à la fois si vous voulez",
    record: "En filmer une",
    limits: (size, duration) =>
      `Jusqu’à ${size} et ${duration}. MP4, MOV, WebM, MKV et d’autres.`,
    room: (used, limit) => `Vos vidéos occupent ${used} sur les ${limit} dont vous disposez ici.`,
    too_large: (size, limit) =>
      `Ce fichier pèse ${size}\u202f; la limite est ici de ${limit}. Allégez-le et réessayez.`,
    too_long: (duration, limit) =>
      `Cette vidéo dure ${duration}\u202f; la limite est ici de ${limit}. Seul ce qui est entre les repères est publié\u00a0: déplacez-les.`,
    empty_file: "Ce fichier est vide. Choisissez-en un autre.",
    unreadable: "Ce fichier est illisible. Il a peut-être été déplacé ou supprimé\u202f; choisissez-le à nouveau.",
    known: "Ce fichier est déjà dans la liste. Sa carte est plus bas.",
    full: (most) =>
      `La liste contient déjà ${count("fr", most)} envois, son maximum. Terminez-en un ou retirez-le, puis choisissez ce fichier à nouveau.`,
    left_out: (name, why) => `«\u202f${name}\u202f» n’a pas été pris. ${why}`,
    left_out_more: (n, most) =>
      n_of(n, "Et # autre.", "Et # autres.") + ` Jusqu’à ${count("fr", most)} fichiers sont examinés à la fois\u202f; choisissez les autres ensuite.`,
    list: "Envois",
    caption: "Légende",
    caption_hint: "Les mots précédés de # deviennent des sujets, par lesquels le fil trouve un public.",
    caption_left: (n) => n_of(n, "# caractère restant", "# caractères restants"),
    caption_over: (n) => n_of(n, "# caractère de trop", "# caractères de trop"),
    tags: "Sujets",
    post: "Publier",
    post_when_done: "Publier après l’envoi",
    will_post: "Sera publiée à la fin de l’envoi",
    cancel: "Annuler",
    cancel_of: (name) => `Annuler ${name}`,
    remove: "Retirer de la liste",
    pause: "Suspendre",
    resume: "Reprendre",
    step_queued: "En attente des envois précédents",
    step_uploading: (p) => `Envoi ${percent("fr", p)}`,
    step_paused: (p) => `Suspendu à ${percent("fr", p)}`,
    step_needs_file: (p) => `Interrompu à ${percent("fr", p)}`,
    step_uploaded: "Envoyée",
    step_waiting: "Envoyée\u202f; attend son tour d’être traitée",
    step_processing: (p) => `Traitement ${percent("fr", p)}`,
    step_live: "En ligne",
    refused: "Non publiée",
    deleted: "Cette vidéo a été supprimée. Retirez-la de la liste.",
    interrupted: "La connexion a été coupée. L’envoi reprend de lui-même là où il s’est arrêté.",
    needs_file:
      "La page a été rechargée et le navigateur n’a plus accès au fichier. Choisissez le même fichier pour reprendre à cet endroit\u202f; ce que vous avez écrit est conservé.",
    needs_leave: "La page a été rechargée. Touchez «\u202fReprendre\u202f»\u00a0: le navigateur demandera s’il peut lire le fichier.",
    choose_again: "Choisir à nouveau le fichier",
    other_size: (name, size, begun) =>
      `«\u202f${name}\u202f» est un autre fichier\u00a0: il pèse ${size}, celui de l’envoi ${begun}. Choisissez celui-là, ou annulez et recommencez.`,
    other_content: (name) =>
      `«\u202f${name}\u202f» a la même taille que le fichier de l’envoi, mais pas le même contenu. Choisissez celui-là, ou annulez et recommencez.`,
    trim: "Coupe et couverture",
    trim_start: "Début",
    trim_end: "Fin",
    trim_of: (start, end, length) => `De ${start} à ${end}\u00a0: ${length}`,
    trim_whole: "La vidéo entière",
    cover: "Couverture",
    cover_at: (at) => `L’image à ${at}`,
    cover_first: "La première image",
    at_seconds: (n) => `${decimals("fr", n, 1)} ${n < 2 ? "seconde" : "secondes"}`,
    no_trim: "Ce navigateur ne peut pas montrer ce fichier, donc pas le couper ici. Il est envoyé entier.",
    watch: "La regarder",
    progress: "Avancement de l’envoi",
    goes_on: "Vous pouvez regarder autre chose entre-temps\u00a0: les envois continuent tant que cette page est ouverte.",
    processing_hint: "Vous pouvez quitter cette page\u202f; cela continue sans vous.",
    preview: "Aperçu de la vidéo choisie",
  },

  captions: {
    title: "Sous-titres",
    turn_on: "Activer les sous-titres",
    turn_off: "Désactiver les sous-titres",
    choose: "Choisir les sous-titres",
    off: "Désactivés",
    remembered: "Retenu sur cet appareil, pour toutes les vidéos.",
    files: "Sous-titres",
    files_of: (video) => `Sous-titres de ${video}`,
    files_hint: "Un fichier WebVTT (.vtt) par langue. Vous pourrez toujours les remplacer.",
    language: "Langue",
    add: "Ajouter un fichier",
    replace: "Remplacer",
    remove: (name) => `Retirer les sous-titres\u00a0: ${name}`,
    added: (name) => `Les sous-titres sont là\u00a0: ${name}`,
    other_language: (said, found) => `Ce texte semble être dans une autre langue\u00a0: ${lower(found)}, et non ${lower(said)}. Si c’est le cas, retirez-le et ajoutez le fichier sous sa langue.`,
    removed: (name) => `Les sous-titres sont retirés\u00a0: ${name}`,
    full: (n) => `Il y a des sous-titres en ${count("fr", n)} langues, autant qu’une vidéo peut en avoir ici.`,
    too_large: (size, limit) => `Il pèse ${size}\u202f; la limite est ici de ${limit}.`,
    not_taken: (file, why) => `«\u202f${file}\u202f» n’a pas été accepté. ${why}`,
  },

  me: {
    title: "Moi",
    sign_up: "S’inscrire",
    sign_in: "Se connecter",
    sign_out: "Se déconnecter",
    handle: "Nom",
    handle_hint: "3 à 24 caractères parmi a–z, 0–9, _ et .",
    password: "Mot de passe",
    password_hint: "Au moins 10 caractères.",
    show_password: "Montrer le mot de passe",
    keeps: "Ce que votre fil a déjà appris vous suit.",
    wrong: "Le nom ou le mot de passe est faux.",
    since: (date) => `Ici depuis le ${date}`,
    videos: "Vos vidéos",
    no_videos: "Vous n’avez pas encore publié de vidéo.",
    processing: (p) => `Traitement ${percent("fr", p)}`,
    waiting: "En attente de son tour",
    live: "En ligne",
    refused: "Non publiée",
    delete: "Supprimer",
    delete_title: "Supprimer cette vidéo\u202f?",
    delete_hint: "Elle disparaît pour de bon, ici et dans tous les fils.",
    keep: "La garder",
    settings: "Réglages",
    language: "Langue",
    theme: "Apparence",
    theme_system: "Comme l’appareil",
    theme_dark: "Sombre",
    theme_light: "Claire",
    data_saver: "Économiseur de données",
    data_saver_hint: "Des vidéos plus petites et, avant la lecture, un flou au lieu d’une image. Sur cet appareil seulement.",
    shares_likes: "Montrer ce que j’aime à qui me suit",
    shares_likes_hint: "Les vidéos que vous aimez peuvent venir dans le fil de ceux qui vous suivent, comme aimées par quelqu’un qu’ils suivent. Votre nom n’est pas dit, mais qui suit peu de gens peut le deviner. Sinon, vos «\u202fj’aime\u202f» ne sont qu’à vous.",
    load_more: "En voir plus",
  },

  wishes: {
    title: "Votre fil",
    link_hint: "Plus ou moins d’un sujet, mots masqués, repartir de zéro",
    hint: "Ce que vous demandez ici compte dès la prochaine vidéo.",
    topics: "Sujets",
    topics_hint: "Vers la droite pour plus, vers la gauche pour moins\u202f; tout à gauche le masque.",
    topic: (name) => capital(topic(name)),
    level(n) {
      if (n === 0) return "Comme il vient";
      if (n === -100) return "Jamais";
      if (n < 0) return n <= -60 ? "Beaucoup moins" : "Moins";
      return n >= 60 ? "Beaucoup plus" : "Plus";
    },
    add_topic: "Un autre sujet",
    add: "Ajouter",
    said_more: (name) => `Plus ${of(topic(name))} désormais`,
    said_less: (name) => `Moins ${of(topic(name))} désormais`,
    muted: "Mots masqués",
    muted_hint:
      "Une vidéo dont la légende ou les sujets ont tous les mots d’une entrée n’apparaît pas. Seuls les mots entiers comptent.",
    add_muted: "Mot ou expression",
    mute: "Masquer",
    unmute: (text) => `Ne plus masquer «\u202f${text}\u202f»`,
    turned_down: "Pas intéressé",
    turned_down_hint: "Ils n’apparaissent pas. Repartir de zéro peut les laisser revenir.",
    sounds: (n) => n_of(n, "# son", "# sons"),
    reset: "Repartir de zéro",
    reset_hint: "Quand le fil s’est fait une fausse idée de vous.",
    reset_button: "Oublier ce que le fil a appris",
    reset_title: "Oublier ce que le fil a appris\u202f?",
    reset_what:
      "Il recommence comme au premier jour. Vos sujets et mots masqués restent, et ce que vous avez vu ne revient pas.",
    reset_turned_down:
      "Aussi ce qui ne m’intéressait pas\u00a0: auteurs, sons et sujets masqués peuvent revenir",
    reset_keep: "Tout garder",
    reset_done: "Oublié. La prochaine vidéo repart de zéro.",
  },

  operation: {
    title: "Exploitation",
    link_hint: "La file des travaux, et la place prise sur le disque",
    admins_only: "Ceci est réservé aux administrateurs de ce réseau.",
    admins_hint: "Qui le fait tourner en nomme un ainsi\u00a0: rondo admin promote NOM",
    queue: "File des travaux",
    counts: (running, waiting, failed) =>
      `${count("fr", running)} en cours, ${count("fr", waiting)} en attente, ${n_of(failed, "# échoué", "# échoués")}`,
    idle: "Il ne reste rien à faire.",
    more: (n) => n_of(n, "Un autre n’est pas montré.", "# autres ne sont pas montrés."),
    purpose: {
      publish: "Première version lisible",
      finish: "Autres versions",
      clean_up: "Suppression de fichiers",
      other: "Travail",
    },
    state: { running: "En cours", waiting: "En attente", failed: "Échoué" },
    of: (author) => `de @${author}`,
    ending: "Arrêté\u202f; les fichiers sont en cours de suppression",
    progress: (p) => percent("fr", p),
    attempts: (n) => n_of(n, "essayé une fois", "essayé # fois"),
    since: (time) => `depuis ${time}`,
    next_try: (time) => `de nouveau à ${time}`,
    last_error: "Ce qui n’a pas marché",
    cancel: "Arrêter",
    cancel_of: (what) => `Arrêter\u00a0: ${what}`,
    cancel_title: "Arrêter ce travail\u202f?",
    cancel_publish: "La vidéo est refusée, et son auteur apprend que c’est vous. Il faudrait l’envoyer de nouveau.",
    cancel_finish: "La vidéo reste en ligne avec les versions qu’elle a.",
    keep: "Laisser faire",
    retry: "Réessayer",
    retry_of: (what) => `Réessayer\u00a0: ${what}`,
    called_off: (what) => `Arrêté\u00a0: ${what}`,
    tried: (what) => `Nouvel essai\u00a0: ${what}`,
    storage: "Place",
    total: (used) => `${used} de vidéos et d’envois`,
    total_of: (used, limit) => `${used} sur ${limit} de vidéos et d’envois`,
    uploads: (held) => `dont ${held} d’envois pas encore traités`,
    each: (limit) => `Chaque compte peut occuper ${limit}.`,
    each_free: "Les comptes n’ont pas de limite propre.",
    accounts: "Qui occupe le plus",
    account: "Compte",
    used: "Occupé",
    held: "dont envois",
  },

  profile: {
    follow: "Suivre",
    following: "Suivi",
    unfollow: (handle) => `Ne plus suivre ${handle}`,
    followers: (n) => n_of(n, "# abonné", "# abonnés"),
    videos: (n) => n_of(n, "# vidéo", "# vidéos"),
    none: "Pas encore de vidéos.",
    not_found: (handle) => `Personne ne s’appelle @${handle} ici.`,
    sign_in: "Se connecter pour suivre",
    grid: (handle) => `Vidéos de ${handle}`,
  },

  video: {
    title: "Vidéo",
    not_found: "Cette vidéo n’existe pas, ou n’existe plus.",
    processing: (p) => `Traitement ${percent("fr", p)}`,
    processing_hint: "Elle se lira ici dès que ce sera fini.",
    refused: "Cette vidéo n’a pas été publiée.",
  },

  nowhere: {
    title: "Rien ici",
    hint: "Cette adresse ne mène nulle part sur ce réseau.",
    home: "Vers le fil",
  },

  demo: {
    making: (done, total) => `Création du monde de démonstration\u00a0: ${done} clips sur ${total}`,
    watching: (done, total) => `Les spectateurs de démonstration regardent\u00a0: ${done} sur ${total}`,
  },

  topic,
};
