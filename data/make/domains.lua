-- SPDX-License-Identifier: MIT
-- domains.lua - the twelve kinds of thing that the fact sheets tell of, as text for grammar.lua.
--
-- "## noun / noun" opens a kind; each line under it is an attribute:
--     key / other keys | value maker | verb phrases | clauses | question
-- SUB, OBJ and POS stand for the thing itself, @ for the value; "a @" becomes "an @" where it must.
-- A yes/no attribute gives phrases for yes before "//" and those for no after it. An indented line
-- goes on with the line above. Value makers in capitals are the lists of lists.lua.
return [==[
## person
job / trade / work | JOB | works as a @; is a @; earns a living as a @; has been a @ for years
    | POS trade is that of a @ | What is POS job?
age / years | num 19 88 | is @ years old; turned @ this year; is now @ years of age | POS age is @;
    at @ SUB is still full of life | How old is SUB?
home / lives in / town | village | lives in @; has a house in @; makes POS home in @; comes from @
    | POS home is in @; @ is where SUB lives | Where does SUB live?
hair | HAIR | has @ hair; is known for POS @ hair; wears POS @ hair under a cap | POS hair is @
    | What is POS hair like?
pet / animal | BEAST | keeps a @; owns a @; never goes out without POS @; shares the house with a @
    | POS pet is a @; a @ follows OBJ everywhere | What pet does SUB have?
hobby / likes / pastime | HOBBY | likes @; is fond of @; spends every free day @; enjoys @
    | @ is what SUB likes best; POS hobby is @ | What does SUB like to do?
friend / best friend | person | is a friend of @; often visits @; is often seen with @;
    writes to @ every week | @ is POS best friend; POS oldest friend is @ | Who is POS best friend?
dish / favourite dish | DISH | loves @; likes to eat @; never says no to @
    | POS favourite dish is @; @ is what SUB eats most | What is POS favourite dish?
wears / dress / clothes | GARMENT | wears a @; goes about in a @; is always seen in a @
    | POS usual dress is a @ | What does SUB wear?
married / wed | yesno | is married; has been married for years // is not married; has never married
    | POS wedding was long ago // POS wedding is yet to come | Is SUB married?
## boat / ship / vessel
type / kind / rig | BOAT | is a @; was built as a @; sails as a @ | as a @ SUB is well known
    | What type of boat is SUB?
built / year | num 1790 1985 | was built in @; was launched in @; dates from @
    | POS hull was laid down in @; the year of POS launch was @ | When was SUB built?
builder / yard / made by | person | was built by @; was made in the yard of @; was designed by @
    | @ built OBJ; POS builder was @ | Who built OBJ?
length / long | feet 14 190 | is @ long; measures @ from end to end; has a length of @
    | POS length is @; from bow to stern SUB measures @ | How long is SUB?
colour / paint | COLOUR | is painted @; has a @ hull; was given a coat of @ paint | POS hull is @;
    POS colour is @ | What colour is SUB?
crew / hands | num 2 60 | has a crew of @; carries @ sailors; sails with @ hands
    | POS crew is @ strong; @ sailors work on OBJ | How many sailors does SUB carry?
cargo / load | GOODS | carries @; is loaded with @; trades in @; brings @ | POS cargo is @;
    @ fills POS hold | What is POS cargo?
port / home port / harbour | village | sails from @; lies in the harbour of @; comes from @;
    is kept at @ | POS home port is @; @ is POS home port | What is POS home port?
sister / sister ship | title | has a sister ship called @; was built beside @; is the twin of @
    | POS sister ship is @; @ is POS sister ship | What is POS sister ship?
captain / master | person | is sailed by @; is under the command of @; has @ as captain
    | POS captain is @; @ commands OBJ; @ stands at POS wheel | Who is POS captain?
engine / motor | yesno | has an engine; is driven by an engine when the wind drops // has no engine;
    goes by sail alone | POS engine is seldom used // POS sails are all that drives OBJ
    | Does SUB have an engine?
## book / volume
author / by / writer | person | was written by @; is the work of @; came from the pen of @; is by @
    | @ wrote OBJ; POS author is @ | Who wrote OBJ?
genre / sort | GENRE | is a @; is read as a @; is sold as a @ | most people call OBJ a @
    | What sort of book is SUB?
year / printed / published | num 1801 2015 | was printed in @; came out in @; was first sold in @;
    appeared in @ | POS first printing was in @; in @ the public first saw OBJ
    | When did SUB come out?
pages / length | num 48 890 | has @ pages; runs to @ pages; is @ pages long | POS length is @ pages;
    POS story takes @ pages | How many pages does SUB have?
about / subject / topic | TOPIC | is about @; tells of @; deals with @ | POS subject is @;
    @ is what SUB tells of | What is SUB about?
hero / main figure | person | tells the story of @; follows @; has @ as hero | POS hero is @;
    @ is the chief figure of OBJ | Who is the hero of OBJ?
cover / binding | COVER | has a cover of @; is bound in @; comes in @ | POS cover is of @
    | What is POS cover made of?
price / cost | money | costs @; is sold for @; can be had for @ | POS price is @; one pays @ for OBJ
    | What does SUB cost?
sequel / next volume | title | is followed by @; has a sequel called @; leads on to @
    | POS sequel is @; @ takes up where SUB ends | What is POS sequel?
ending / end | ENDING | has a @ ending; comes to a @ end; closes in a @ way | POS ending is @
    | What is POS ending like?
## train / line
from / start / leaves from | village | starts from @; leaves from @; sets out from @
    | POS journey begins in @ | Where does SUB start?
to / goes to / end of line | village | goes to @; runs to @; ends in @; is bound for @
    | POS last stop is @; POS journey ends in @ | Where does SUB go?
leaves / departs / time | time | leaves at @; departs at @; starts at @ | at @ SUB moves off;
    POS time of departure is @ | When does SUB leave?
arrives / due | time | arrives at @; is due at @; comes in at @; gets there at @
    | at @ SUB comes in; POS time of arrival is @ | When does SUB arrive?
platform / track | num 1 24 | leaves from platform @; stands at platform @; uses track @
    | POS platform is number @ | Which platform does SUB use?
coaches / cars / wagons | num 2 19 | has @ coaches; pulls @ cars; is made up of @ coaches
    | @ coaches make up OBJ | How many coaches does SUB have?
speed / pace | speed | runs at @; reaches @; goes at @ | POS speed is @; its driver keeps OBJ at @
    | How fast is SUB?
engine / drawn by | ENGINE | is drawn by a @; is pulled by a @; runs behind a @ | a @ draws OBJ;
    POS engine is a @ | What draws OBJ?
driver / engineer | person | is driven by @; has @ as driver; is in the hands of @
    | POS driver is @; @ drives OBJ | Who drives OBJ?
stop / calls at / halt | title | calls at @; stops at @; halts for water at @ | POS only halt is @;
    at @ people get on | Where does SUB stop?
dining car / meals | yesno | has a dining car; serves meals on the way // has no dining car;
    serves no meals | POS dining car is open // POS passengers bring their own bread
    | Does SUB have a dining car?
## storm / gale
month / when | MONTH | came in @; blew in @; struck in @ | in @ SUB began; POS month was @
    | When did SUB come?
region / over / where | village | struck @; passed over @; hit @; raged over @
    | @ felt the worst of OBJ; POS full force fell on @ | Where did SUB strike?
wind / wind speed | speed | had winds of @; blew at @; brought winds of @ | POS winds reached @
    | How strong was POS wind?
rain / rainfall | inches 1 19 | brought @ of rain; dropped @ of rain; left @ of rain
    | @ of rain fell; POS rainfall was @ | How much rain did SUB bring?
lasted / duration | hours 2 70 | lasted @; went on for @; blew for @ | POS rage lasted @;
    after @ SUB died away | How long did SUB last?
sky / clouds | SKY | came with a @ sky; turned the sky @; left a @ sky | POS sky was @
    | What was the sky like?
damage / broke / harm | DAMAGE | broke @; carried off @; destroyed @; tore down @ | @ fell to OBJ;
    POS victims were @ | What did SUB break?
seen by / reported by | person | was first seen by @; was reported by @; was foretold by @
    | @ saw OBJ first; @ sent word of OBJ | Who first saw OBJ?
flood / floods | yesno | caused a flood; left the fields under water // caused no flood;
    left the rivers within their banks | POS rains led to a flood // POS rains led to no flood
    | Did SUB cause a flood?
## beast / creature / animal
looks like / like | BEAST | looks like a @; might be taken for a @; is shaped like a @
    | POS shape is that of a @ | What does SUB look like?
lives in / found in / habitat | HABITAT | lives in @; is found in @; makes its den in @
    | POS home is in @; @ are where SUB lives | Where does SUB live?
eats / food / feeds on | FEED | eats @; feeds on @; lives on @ | POS food is @; @ are all SUB eats
    | What does SUB eat?
coat / skin / cover | SKIN | has @; is covered in @; wears @ | POS body is covered in @
    | What is SUB covered in?
weight / weighs | pounds 1 900 | weighs @; has a weight of @; can reach @ | POS weight is @;
    the scale shows @ for OBJ | How much does SUB weigh?
legs / feet | num 2 12 | has @ legs; walks on @ legs; runs on @ legs | POS legs are @ in number;
    @ legs carry OBJ | How many legs does SUB have?
cry / sound / voice | CRY | makes a @; calls with a @; can be known by a @ | POS cry is a @;
    a @ is POS only sound | What sound does SUB make?
temper / mood / nature | TEMPER | is @; is said to be @; is known to be @ | POS temper is @;
    everyone calls OBJ @ | What is POS temper?
first seen by / found by | person | was first seen by @; was found by @; was drawn by @
    | @ first saw OBJ; POS finder was @ | Who first saw OBJ?
fears / afraid of | FEAR | fears @; is afraid of @; runs from @ | POS one fear is @;
    @ will drive OBJ away | What does SUB fear?
tame / kept as pet | yesno | is tame; can be kept in a house // is wild; cannot be kept in a house
    | POS kind has long been tame // POS kind has never been tamed | Is SUB tame?
## tool / device / instrument
used for / use / purpose | TASK | is used for @; serves for @; is made for @; is good for @
    | POS use is @; @ is what SUB is made for | What is SUB used for?
made of / material | MATERIAL | is made of @; is cast in @; is cut from @ | POS body is of @;
    @ is what SUB is made of | What is SUB made of?
handle / grip | HANDLE | has a @; comes with a @; is held by a @ | POS grip is a @
    | What is POS handle?
maker / made by | person | is made by @; is the work of @; comes from the shop of @ | @ makes OBJ;
    POS maker is @ | Who makes OBJ?
invented / first made | num 1640 1990 | was invented in @; was first made in @;
    has been known since @ | the year of POS invention was @; in @ SUB was first seen
    | When was SUB invented?
brand / sold as / mark | title | is sold as @; goes by the brand name @; bears the mark of @
    | POS brand is @; @ is POS trade name | What is POS brand?
price / costs | money | costs @; is sold at @; can be bought for @ | POS price is @;
    @ is what one pays for OBJ | What does SUB cost?
weight / weighs | pounds 1 90 | weighs @; is @ in weight; has a weight of @ | POS weight is @
    | How much does SUB weigh?
kept in / place | KEPT | is kept in @; is stored in @; belongs in @ | POS place is in @
    | Where is SUB kept?
sharp / edge | yesno | is sharp; has a sharp edge // is not sharp; has no edge at all
    | POS edge is sharp // POS edge is dull | Is SUB sharp?
## recipe / dish
main / chief part / base | FEED | is made with @; is based on @; starts from @ | POS main part is @;
    @ give OBJ body | What is SUB made with?
spice / spiced with | SPICE | is spiced with @; is seasoned with @; gets its taste from @
    | POS spice is @; @ gives OBJ its smell | What is SUB spiced with?
cook / way / method | METHOD | is @; has to be @; must be @ | most cooks want OBJ @
    | How is SUB cooked?
time / takes / minutes | minutes 5 180 | takes @; needs @; is ready in @ | POS cooking time is @;
    after @ SUB is done | How long does SUB take?
pot / pan / vessel | POT | is cooked in a @; is made in a @; needs a @ | POS best vessel is a @;
    a @ holds OBJ | What is SUB cooked in?
serves / feeds / people | num 2 14 | serves @ people; feeds @; is enough for @
    | @ people can eat of OBJ | How many does SUB serve?
with / served with / side | SIDE | is served with @; goes well with @; is eaten with @
    | cooks serve @ beside OBJ; POS best friend on the plate is @ | What is SUB served with?
from / comes from / origin | village | comes from @; was first cooked in @; is a pride of @
    | POS origin is in @; cooks of @ first made OBJ | Where does SUB come from?
hard / difficulty / skill | LEVEL | is @ to make; is @ for a beginner; is thought @ to cook
    | POS making is @ | How hard is SUB to make?
sweet / sugar | yesno | is sweet; tastes sweet // is not sweet; has no sugar in it
    | POS taste is sweet // POS taste is not sweet | Is SUB sweet?
## song / tune / air
singer / sung by / voice | person | is sung by @; was made known by @; is best sung by @
    | @ sings OBJ; POS singer is @ | Who sings OBJ?
composer / written by / music by | person | was written by @; was composed by @; is a work of @
    | @ wrote OBJ; POS composer was @ | Who wrote OBJ?
year / date | num 1710 2019 | was written in @; dates from @; was first heard in @
    | the year of POS birth was @; in @ people first heard OBJ | When was SUB written?
key / scale | KEY | is in @; is played in @; is set in @ | POS key is @ | What key is SUB in?
pace / tempo / speed | PACE | is @; is played at a @ pace; has a @ beat | POS pace is @
    | What is POS pace?
played on / instrument | MUSIC | is played on the @; is written for the @; needs a @
    | POS instrument is the @; the @ leads OBJ | What is SUB played on?
about / theme | TOPIC | is about @; tells of @; sings of @ | POS theme is @; @ is what SUB sings of
    | What is SUB about?
length / lasts | minutes 2 19 | lasts @; is @ long; goes on for @ | POS length is @
    | How long is SUB?
mood / feeling | MOOD | is @; sounds @; makes people feel @ | POS mood is @ | What is POS mood?
record / album / disc | title | can be heard on the record @; is the best part of the record @;
    closes the record @ | POS record is @; the record @ made OBJ known | Which record is SUB on?
danced / dance | yesno | is danced to; can be danced to // is not danced to; is never danced to
    | POS beat is good for dancing // POS beat is not good for dancing | Is SUB danced to?
## game / sport
players / number | num 2 22 | is played by @ people; needs @ players; is for @ players
    | POS players are @; @ people can play OBJ | How many people play OBJ?
board / played on / field | BOARD | is played on @; needs @; takes place on @ | POS place is @
    | What is SUB played on?
pieces / with / gear | PIECES | is played with @; uses @; comes with @ | POS pieces are @;
    @ are all SUB needs | What is SUB played with?
age / from age | num 4 16 | is for children from @ years up; can be learned at the age of @;
    is open to anyone over @ | POS lowest age is @ | From what age is SUB played?
lasts / time / takes | minutes 10 180 | lasts @; takes @; is over in @ | POS length is @;
    after @ SUB ends | How long does SUB last?
goal / aim / to win | AIM | is won by @; has @ as its aim; is about @ | POS aim is @; @ wins OBJ
    | What is the aim of OBJ?
maker / inventor | person | was invented by @; is the idea of @; was made by @ | @ invented OBJ;
    POS inventor is @ | Who invented OBJ?
price / cost | money | costs @; is sold for @; can be bought for @ | POS price is @
    | What does SUB cost?
club / team / home club | title | is best played by the club @; is the pride of the club @;
    is taught by the club @ | POS best club is @; the club @ keeps OBJ alive
    | Which club plays OBJ best?
difficulty / level / hard | LEVEL | is @; is @ to learn; is thought @ | POS rules are @;
    most people find OBJ @ | How hard is SUB?
luck / chance / dice | yesno | depends on luck; is a game of luck // does not depend on luck;
    leaves nothing to luck | POS winners are lucky // POS winners are not just lucky
    | Does SUB depend on luck?
## letter / parcel
from / sender / sent by | person | was sent by @; is from @; comes from @; was posted by @
    | @ sent OBJ; POS sender is @ | Who sent OBJ?
to / for / addressed to | person | is addressed to @; is meant for @; was sent to @
    | POS address names @; @ is to have OBJ | Who is SUB for?
date / day / sent on | date | was sent on @; is dated @; was posted on @ | POS date is @;
    on @ SUB was posted | When was SUB sent?
posted in / from town / office | village | was posted in @; bears the stamp of @; passed through @
    | POS stamp is that of @ | Where was SUB posted?
contains / inside / holds | THING | contains a @; has a @ inside; brings a @ | a @ lies in OBJ;
    there is a @ in OBJ | What is in OBJ?
about / concerns / matter | MATTER | is about @; speaks of @; brings news of @ | POS matter is @;
    @ is what SUB speaks of | What is SUB about?
wrapped in / paper / cover | WRAP | is wrapped in @; came in @; is done up in @ | POS cover is @
    | What is SUB wrapped in?
seal / wax | COLOUR | has a @ seal; is closed with @ wax; bears a @ seal | POS seal is @
    | What colour is POS seal?
postage / cost to send | money | cost @ to send; bears stamps worth @; was sent for @
    | POS postage was @ | What was POS postage?
ship / carried by / by ship | title | was carried by the ship @; came on the ship @; left on board @
    | POS ship was @; the ship @ brought OBJ | Which ship carried OBJ?
urgent / in haste | yesno | is urgent; has to be answered at once // is not urgent; can wait
    | POS answer is wanted at once // POS answer can wait | Is SUB urgent?
## village / town / hamlet
county / region / land | county | lies in @; belongs to @; is a part of @ | POS county is @;
    @ claims OBJ | Which county is SUB in?
people / population / inhabitants | num 90 9800 | has @ people; is home to @ people; counts @ souls
    | @ people live there; POS people number @ | How many people live in OBJ?
river / stream / water | river | lies on the @; stands by the @; is crossed by the @
    | POS river is the @; the @ runs through OBJ | Which river runs through OBJ?
known for / famous for | GOODS | is known for @; is famous for @; makes @; sells @ | POS pride is @;
    @ made OBJ famous | What is SUB known for?
mayor / head | person | is led by @; has @ as mayor; is governed by @ | POS mayor is @;
    @ is mayor of OBJ | Who is POS mayor?
founded / since / year | num 890 1890 | was founded in @; goes back to @; has stood since @
    | the year of POS founding was @; in @ the first house of OBJ was built | When was SUB founded?
market day / market | DAY | has a market on @; holds its market every @; fills up on every @
    | POS market day is @; on @ people come to OBJ from far away | When is POS market?
landmark / sight / building | LANDMARK | has a @; is seen from far off by its @; is proud of its @
    | a @ stands in the middle of OBJ; POS landmark is a @ | What is POS landmark?
twin / twin town | village | is the twin of @; has @ as twin town; is bound to @ by friendship
    | POS twin is @; @ is POS twin | What is POS twin?
soil / land around / country | GROUND | lies among @; is set in @; is surrounded by @
    | @ are all around OBJ | What lies around OBJ?
station / railway | yesno | has a railway station; can be reached by rail // has no railway station;
    cannot be reached by rail | POS station is open // POS nearest station is far off
    | Does SUB have a station?
]==]
