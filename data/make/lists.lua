-- SPDX-License-Identifier: MIT
-- lists.lua - the closed lists for values of fact sheets: "NAME: value, value".
-- "A + B" is a value of each, joined by a blank. An indented line goes on with the line above.
return [==[
JOB: baker, carpenter, teacher, doctor, nurse, miller, sailor, clerk, tailor, farmer, gardener,
    painter, mason, printer, lawyer, barber, blacksmith, shepherd, engineer, librarian, watchmaker,
    weaver, fisherman, postman, actor, singer, cook, waiter, judge, chemist, architect, dentist,
    plumber, surveyor, translator, beekeeper, glazier, saddler, bookseller, organist
HAIR: long black, short brown, curly red, thin grey, thick white, straight fair, wavy dark,
    short curly, long golden, untidy brown, smooth black, silver, copper red, sandy, dyed green
BEAST: ADJ_B + BEAST_N
ADJ_B: old, young, small, large, grey, white, black, brown, tame, lame, fat, thin, spotted, striped,
    lazy, clever, blind, noisy, quiet, golden, one-eyed, red
BEAST_N: cat, dog, parrot, goat, rabbit, horse, pony, donkey, goose, tortoise, raven, fox, hedgehog,
    ferret, owl, monkey, lizard, frog, pig, sheep, duck, mouse, squirrel, toad, snake, crow, hen,
    eel, otter cub, bear, wolf, deer, camel, ox, seal, heron
HOBBY: fishing, reading old maps, playing chess, painting boats, growing roses, collecting stamps,
    walking in the hills, singing in a choir, baking bread, rowing, playing the flute,
    watching birds, mending clocks, writing poems, riding, swimming in the sea, making kites,
    playing cards, dancing, telling stories, carving wood, keeping bees, climbing,
    studying the stars, sewing, drawing trees, running, learning Greek
DISH: pea soup, apple pie, roast lamb, fish stew, bean soup, onion tart, boiled eggs, plum cake,
    rice pudding, baked potatoes, cheese on toast, fried trout, beef stew, lentil soup, cherry pie,
    mushroom soup, oat porridge, cold ham, leek pie, nut bread, stuffed peppers, honey cake,
    chicken broth, pickled herring
GARMENT: COLOUR + CLOTH + GARMENT_N
CLOTH: wool, linen, silk, cotton, leather, velvet, fur, knitted, canvas, felt
GARMENT_N: coat, hat, scarf, shirt, jacket, cloak, cap, waistcoat, apron, shawl, tie, belt
COLOUR: red, blue, green, white, black, yellow, grey, brown, orange, purple, dark blue, light green,
    pale pink, silver, cream, dark red, bright yellow, navy, violet, rust brown, olive, sky blue,
    scarlet, ivory
BOAT: fishing boat, schooner, ferry, tug, barge, yacht, cutter, steamer, sloop, lifeboat, brig,
    ketch, lugger, mail ship, whaler, pilot boat, houseboat, coaster, trawler, training ship
GOODS: coal, timber, wool, wine, salt, grain, tea, coffee, sugar, cotton, oranges, iron, bricks,
    lamp oil, dried fish, cheese, clay pots, marble, tobacco, rope, glass, honey, spices, hides,
    paper, butter, apples, slate, silk, barley, candles, cider, lace, leather, carpets, knives
GENRE: love story, ghost story, book of travels, comedy, tragedy, novel, history, book of poems,
    mystery, sea story, book of letters, fairy tale, guide, biography, war story, school story,
    satire, cookery book, book of riddles, adventure
TOPIC: TOPIC_A + TOPIC_B
TOPIC_A: a lost, a broken, a stolen, a secret, an old, a strange, a hidden, a forgotten, a haunted,
    a foolish, a long, a happy
TOPIC_B: king, ship, promise, garden, letter, house, journey, island, treasure, summer, marriage,
    soldier, river, key, city, horse, friend, war, winter, bell, orchard, wedding, crown, village,
    stranger, lighthouse
COVER: red leather, green cloth, blue paper, brown calf, grey linen, white card, black leather,
    thin wood, plain board, yellow silk, dark velvet, marbled paper
ENDING: happy, sad, surprising, quiet, violent, strange, hopeful, bitter, funny, sudden, tender,
    gloomy
ENGINE: steam engine, diesel engine, electric engine, pair of steam engines, small shunting engine,
    old tank engine, new railcar, green express engine
MONTH: January, February, March, April, May, June, July, August, September, October, November,
    December
DAY: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
SKY: black, dark, yellow, leaden, purple, green, white, grey, red, pale, brown, starless
DAMAGE: DAMAGE_A + DAMAGE_B
DAMAGE_A: two, three, many, several, all the, a dozen, half the, forty, some old, hundreds of
DAMAGE_B: roofs, trees, boats, bridges, barns, windows, fences, mills, masts, haystacks, huts,
    chimneys, carts, signposts, tents
HABITAT: HABITAT_A + HABITAT_B
HABITAT_A: deep, dark, cold, dry, warm, wet, northern, southern, high, rocky, sandy, salty
HABITAT_B: forests, caves, lakes, hills, marshes, deserts, rivers, valleys, cellars, woods, plains,
    islands, swamps, cliffs
FEED: mushrooms, roots, berries, small fish, nuts, snails, leaves, worms, beans, onions, cabbages,
    eggs, acorns, ants, grapes, potatoes, carrots, apples, oats, frogs, lentils, crabs, turnips,
    figs, cherries, lemons, pears, chestnuts
SKIN: COLOUR + SKIN_B
SKIN_B: fur, feathers, scales, wool, spots, hair, stripes, plates of horn, spines, down, moss
CRY: CRY_A + CRY_B
CRY_A: low, loud, soft, shrill, sad, short, long, deep, hoarse, sweet
CRY_B: whistle, howl, bark, hum, growl, cough, song, click, hiss, scream, murmur, laugh, moan, croak
TEMPER: shy, brave, lazy, angry, gentle, curious, clever, timid, fierce, playful, jealous, calm,
    greedy, faithful, stubborn, friendly, proud, nervous
FEAR: fire, thunder, water, dogs, snow, bright light, loud music, eagles, cold wind, strangers,
    bells, smoke, mirrors, cats, children, darkness, horses, rain
TASK: TASK_A + TASK_B
TASK_A: cutting, mending, cleaning, measuring, lifting, bending, polishing, sorting, drying,
    marking, turning, crushing, cooling, counting, folding, splitting
TASK_B: wire, wool, stones, paper, glass, seeds, leather, tiles, coins, rope, wood, bread, bones,
    pipes, boots, cloth, roots, nuts, hay, candles
MATERIAL: steel, brass, oak, iron, copper, bone, glass, stone, tin, horn, beech, clay, bronze,
    silver, ash wood, hard rubber, lead, bamboo, zinc, cherry wood
HANDLE: HANDLE_A + HANDLE_B
HANDLE_A: long, short, curved, wooden, leather, smooth, heavy, round, thin, red, brass, folding
HANDLE_B: handle, grip, shaft, knob, loop, bar, crank, strap
KEPT: KEPT_A + KEPT_B
KEPT_A: a dry, a small, an open, a locked, a wooden, a padded, a tin, a canvas, a deep, a narrow
KEPT_B: box, drawer, case, bag, chest, shed, cupboard, tray, barrel, rack
SPICE: pepper, ginger, thyme, mint, garlic, mustard, cinnamon, salt, sage, nutmeg, saffron, dill,
    cloves, parsley, paprika, vanilla, basil, chili, fennel, lemon peel
METHOD: boiled, fried, baked, roasted, steamed, grilled, smoked, stewed, cooled on ice,
    slowly simmered, browned in butter, pickled, dried in the sun, toasted
POT: POT_A + POT_B
POT_A: large, small, deep, flat, heavy, clay, iron, copper, glass, closed, round, covered
POT_B: pot, pan, fish kettle, oven, bowl, cauldron, tin, skillet, jar, casserole
SIDE: rice, bread, green salad, butter, sour cream, hot tea, toast, boiled beans, cold milk,
    red wine, jam, yellow cheese, mashed turnip, cucumber, fresh cider, fried bread
LEVEL: easy, hard, very easy, very hard, simple, difficult, not too hard, tricky
KEY: KEY_A + KEY_B
KEY_A: A, B flat, C, D, E, E flat, F, G
KEY_B: major, minor
PACE: slow, quick, lively, steady, very slow, very quick, moderate, marching, swinging, gentle
MUSIC: piano, flute, violin, harp, guitar, organ, trumpet, drum, fiddle, cello, bagpipe, banjo,
    oboe, lute, accordion, clarinet, bugle, mandolin
MOOD: sad, happy, proud, calm, homesick, brave, gloomy, cheerful, sleepy, restless, hopeful, bitter,
    tender, merry
BOARD: a square board, a round board, an open field, a grass court, a long table, a sandy beach,
    a frozen pond, a star-shaped board, a stone floor, a folded cloth, a narrow lane, a large map,
    an empty street, a wall of wood
PIECES: PIECES_A + PIECES_B
PIECES_A: six, eight, ten, twelve, twenty, thirty, four, nine, fifteen, forty
PIECES_B: stones, cards, wooden balls, dice, coins, rings, sticks, pegs, beans, clay figures,
    marbles, shells, hoops, tiles, arrows
AIM: AIM_A + AIM_B
AIM_A: taking, hiding, reaching, guarding, counting, moving, finding, dropping, collecting, throwing
AIM_B: the crown, all the pieces, the last card, the tower, three rings, the far side, the king,
    five pairs, the black stone, the flag, every coin, the bell
THING: THING_A + THING_B
THING_A: small, silver, broken, gold, folded, old, painted, heavy, dried, tiny, printed, blank
THING_B: key, photograph, ring, map, watch, flower, coin, feather, ticket, ribbon, mirror, spoon,
    medal, stone, drawing, button
MATTER: MATTER_A + MATTER_B
MATTER_A: a new, a lost, a late, a debt for a, the sale of a, a dream of a, the price of a,
    a fire in a, the gift of a
MATTER_B: house, horse, field, ship, school, mill, piano, garden, farm, bridge, cow, carriage, shop,
    church, well
WRAP: WRAP_A + WRAP_B
WRAP_A: brown, thin, blue, white, old, oiled, green, plain, striped, grey
WRAP_B: paper, cloth, linen, silk, newspaper, canvas, card, parchment
LANDMARK: LANDMARK_A + LANDMARK_B
LANDMARK_A: tall, ruined, white, round, stone, crooked, famous, huge, wooden, painted, twelve-sided,
    square
LANDMARK_B: tower, church, windmill, gate, bridge, lighthouse, clock, fountain, statue, chapel,
    castle, well, barn, oak tree, market cross, town hall
GROUND: GROUND_A + GROUND_B
GROUND_A: green, low, steep, flat, dry, wide, bare, wooded, wet, rich, stony
GROUND_B: hills, fields, meadows, vineyards, orchards, moors, woods, marshes, pastures, dunes,
    rocks, gardens
]==]
